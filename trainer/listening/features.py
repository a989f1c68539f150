"""What can be seen in a turn without any model: discourse marks, figures, echoes, and its terms.

``dense`` gives a fixed row of numbers (named by ``NAMES``), ``terms`` the namespaced word groups
that the heads weigh by their own vocabulary. Both are pure and take plain text only. They are
evidence for the heads; none of them decides anything by itself.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from trainer.wording import STOP, content_set, figures, sentences, stem, tokens

HEARD_TURNS = 3
"""How many turns before this one are read for its moves: as many as in the labelled rows."""

_NUMBER_OR_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[?!$%]")
_DAYS = (
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|tonight|this morning|"
    r"this afternoon|next week|this week|end of (?:the )?(?:day|week|month|year|quarter)"
)
_MONTHS = (
    r"january|february|march|april|may \d|june|july|august|september|october|november|december"
)


def _rx(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)  # read on text that `normal` has put in lower case


_MARKS: dict[str, re.Pattern[str]] = {
    # questions
    "wh_open": _rx(
        r"\b(?:what(?:'s| is| was| does| did| do| would| happen\w*| made| have)?|how|why|tell me|"
        r"walk me|talk me|describe|help me understand|take me through|say more|go on)\b"
    ),
    "wh_fact": _rx(
        r"\b(?:how (?:many|much|long|often|old|big|far|soon)|when|where|who|which|what (?:time|day|"
        r"date|number|size|kind|year|system|percentage))\b"
    ),
    "aux_question": _rx(
        r"(?:^|[.,!?;:-] +|\b(?:and|so|but|okay|ok|well|now|then) )(?:do|does|did|is|are|was|"
        r"were|have|"
        r"has|had|can|could|will|would|should|am|any|isn't|aren't|don't|didn't|"
        r"haven't) [^.?!]{3,}\?"
    ),
    "tag_question": _rx(
        r"\b(?:right|correct|isn't it|doesn't it|don't you|wouldn't you|aren't you|yeah|is that "
        r"right|fair|true|am i right)\?\s*$"
    ),
    "rhetorical": _rx(
        r"\b(?:who doesn't|who wouldn't|wouldn't you (?:rather|like|want|love)|don't you want|why "
        r"wouldn't you|why would you not|what's not to (?:like|love)|how can you (?:not|say))\b"
    ),
    "or_question": _rx(r"\bor\b[^.?!]*\?"),
    "impact": _rx(
        r"\b(?:cost(?:s|ing)? (?:you|them|your)|what does (?:that|it|this) (?:do|mean|cost)|"
        r"mean for "
        r"(?:you|your|them)|impact|affect\w*|hit(?:s|ting)? (?:hard\w*|you)|suffer\w*|who (?:feels|"
        r"pays|gets hurt|carries)|keeps? (?:going|happening|on)|nothing changes|stays? the same|"
        r"if (?:this|that|it) (?:goes on|keeps|carries on|continues|happens again)|worst|toll|"
        r"another (?:year|six months|month|winter|season)|hurt\w*)\b"
    ),
    # the close
    "would_you_like": _rx(
        r"\b(?:would you (?:like|want|be (?:willing|open|interested|ready))|do you (?:want|"
        r"wanna)|are "
        r"you (?:ready|willing|prepared|interested|in)\b|can i (?:sign|get|put|count|book|"
        r"set)|could i "
        r"(?:get|sign|put)|may i (?:sign|put)|shall we|should we|can we (?:do|get|go|move|"
        r"sign|count|"
        r"start|agree)|will you|want to (?:go|move|get started|sign|do it|give it))\b"
    ),
    "buy_words": _rx(
        r"\b(?:go(?:ing)? ahead|sign(?:ed|ing)?(?: up| off)?|get(?:ting)? started|"
        r"move forward|moving "
        r"forward|buy|purchase|order|commit|enrol\w*|on board|deal|do business|contract|agreement|"
        r"paperwork|pull the trigger|say yes|your business|close this|lock (?:it|this|that)? ?in|"
        r"give (?:it|us|me) a (?:try|shot|chance|go)|make a decision|donat\w+|contribut\w+)\b"
    ),
    "what_would_it_take": _rx(
        r"\bwhat (?:would|will|does|do|'d|can) (?:it|i|we) (?:take|have to|need to|do)\b|"
        r"\bso what do "
        r"you (?:think|say)\b|\bwhat do you say\b|\bhow about it\b|\bwhat's (?:stopping|holding|"
        r"keeping)\b"
    ),
    "arrange": _rx(
        r"\b(?:i'll|i will|we'll|we will|i'm going to|i am going to|let's|let us|i've|i have|we) "
        r"(?:put|book|send|set|get|start|have|pencil|reserve|schedul\w+|enter|mark|email|mail|"
        r"be there|"
        r"come|begin|see you|call|need your|draw|write|fill|kick|do|go|plan|bring|order|block|text|"
        r"ship|open|add|hold|make|meet)\w*\b"
    ),
    "detail_question": _rx(
        r"\b(?:mornings?|afternoons?|spelling|spell|middle initial|best (?:email|number|address)|"
        r"(?:which|what) (?:address|email|name|day|date|card|account|colou?r|number)|"
        r"which (?:one|works|"
        r"suits|name)|who (?:should|shall|do i|will) .{0,20}(?:address|put|ask|invoice|sign)|"
        r"(?:work|suit)s? (?:better|best)|or (?:the )?(?:morning|afternoon|"
        r"monday|tuesday|wednesday|thursday|friday|saturday))\b"
    ),
    "check_in": _rx(
        r"\bhow(?:'s| does| do| is| are| did)? (?:that|this|it|all that|you) (?:sit\w*|"
        r"sound\w*|land"
        r"\w*|feel\w*|look\w*|seem\w*|strik\w+|compar\w+|match|fit|square)\b|\bmake sense\b|"
        r"\bwhat's "
        r"your (?:gut|reaction|sense|first)\b|\b(?:am i|are we) (?:close|on the right|"
        r"tracking|making|"
        r"still|getting)\b|\bwith me so far\b|\bdoes that (?:fit|match|help|answer|sound|"
        r"cover|square|"
        r"track|ring)\b|\bwhere does that leave\b|\bdid i (?:get|miss)\b|\bhow are (?:you|"
        r"we) (?:feeling"
        r"|doing) (?:about|so far)\b"
    ),
    "permission": _rx(
        r"\b(?:is (?:now|this) a (?:bad|good|okay|decent|terrible) (?:time|moment)|bad time|"
        r"good time|"
        r"(?:do you )?mind if|(?:would|is) it (?:be )?(?:ok|okay|alright|all right|fine)|"
        r"okay if|all "
        r"right if|ok with you|(?:can|could|may) i (?:ask|tell|share|explain|take|borrow|have|"
        r"show)|"
        r"got (?:a|two|five|thirty) (?:second|minute|moment)s?|have (?:a|two|five|thirty|ten) "
        r"(?:second|minute|moment)s?|caught you|catch you|interrupt\w*)\b"
    ),
    "referral": _rx(
        r"\b(?:who else|anyone else|anybody else|someone else|somebody else|else (?:you know|who)|"
        r"friends?|neighbou?rs?|colleagues?|in (?:your|the same) (?:shoes|boat|position)|"
        r"pass (?:my|our)"
        r"|introduc\w+|refer\w*|know (?:of )?(?:any|some|two|one))\b"
    ),
    "after_yes": _rx(
        r"\b(?:tonight|in the (?:morning|meantime)|you(?:'ll| will) (?:get|hear|see|have|probably|"
        r"wonder|notice|feel|wake|start)|second thoughts|cold feet|good (?:decision|call|"
        r"choice)|glad"
        r"|right (?:decision|call|choice|thing)|first (?:week|day|month|thing|morning)|"
        r"what happens "
        r"next|next step|reason you|remember why|welcome|buyer's remorse|wobble|doubt\w*)\b"
    ),
    # trust
    "proof": _rx(
        r"\b(?:reference\w*|case stud\w+|for example|like (?:a|the) \w+ (?:company|shop|"
        r"clinic|firm)|"
        r"published|report\w*|stud(?:y|ies)|audit\w*|certif\w*|licen[cs]e\w*|registered|"
        r"insured|rated|"
        r"review\w*|tested|measured|survey\w*|data|source|document\w*|page \d+|in writing|see for "
        r"your\w*|pilot|phone number|call (?:her|him|them)|ask (?:her|him|them)|talk to|customers?|"
        r"website|percent|link)\b|%"
    ),
    "candor": _rx(
        r"\b(?:honest\w*|frank\w*|to be fair|not (?:going|gonna) (?:to )?(?:be|pretend|lie|"
        r"work|fix|"
        r"help)|may(?:be)? not (?:be|fit)|might not|isn't (?:for|the|a|right|cheap)|"
        r"not (?:cheap|for|"
        r"right|perfect|the best|a fit)|won't (?:fix|help|do|be|work|save|solve)|doesn't (?:do|fix|"
        r"help|work|cover|make|include)|can't (?:do|fix|help|promise|guarantee)|downside|drawback|"
        r"catch|limit\w*|weak\w*|worse|if (?:you|that)'?s?.{0,20}not|wrong (?:for|fit)|i'd (?:tell|"
        r"stay|keep|not)|more expensive|cost(?:s)? more|rough|messy|trade-?off|i don't know|i was "
        r"wrong|my mistake)\b"
    ),
    "expectation": _rx(
        r"\b(?:it (?:takes|will take|usually)|takes? (?:about|around|roughly|a|two|three|four|"
        r"five|six)"
        r"|(?:about|around|roughly) (?:a|an|two|three|four|five|six|ten|\d+)|you(?:'ll|"
        r" will) need to|"
        r"first (?:we|you|the|i|week|month)|then (?:we|you|the|i)|after that|next (?:we|is)|"
        r"step|by "
        r"(?:the )?(?:end|week|day|monday|tuesday|wednesday|thursday|friday)|expect|"
        r"in the (?:first|"
        r"second)|week (?:one|two|1|2)|day one|minutes|hours)\b"
    ),
    # hope, urgency
    "picture": _rx(
        r"\b(?:imagine|picture|think (?:about|of) (?:a|the|what)|what if|(?:a year|six months|"
        r"three "
        r"months|next \w+) from now|you(?:'d| would) (?:be|have|wake|walk|sleep|come|sit|open|"
        r"spend|get|"
        r"see)|you(?:'re| are) (?:home|sitting|sleeping|free|back)|no more|instead of|finally|"
        r"without "
        r"(?:having|worrying|thinking)|the day when|would (?:it|that|life|your \w+) (?:look|"
        r"be|feel))\b"
    ),
    "link": _rx(
        r"\b(?:(?:you|as you|since you|because you|like you) (?:said|mentioned|told|wrote|"
        r"described|"
        r"talked|were saying|asked)|you(?:'ve| have) (?:said|told|mentioned)|because (?:you|"
        r"your|of "
        r"(?:your|that|the))|that's why|so that (?:your|you|the)|which (?:means|is why|"
        r"is the part)|"
        r"that is (?:exactly|the (?:bit|part|piece))|the reason (?:i|we|that)|"
        r"your point about|given "
        r"(?:that|what|your)|for the)\b"
    ),
    "delay": _rx(
        r"\b(?:every (?:day|week|month|year|run|night)|each (?:day|week|month|run)|by (?:then|"
        r"the time)|"
        r"before (?:the|your|that|it|january|winter|spring|summer|you)|until|deadline|"
        r"runs? out|expires?"
        r"|(?:weeks?|months?|days?) (?:away|left|from now|before|notice|until)|wait\w*|later|"
        r"notice "
        r"period|renew\w*|lease|starts? (?:on|in)|in time)\b"
    ),
    # against
    "scarcity": _rx(
        r"\b(?:only (?:\w+ )?(?:spots?|slots?|left|a few|until|good|today|this)|"
        r"last (?:chance|one|spot|"
        r"slot|day)|today only|(?:price|rate|offer|deal|discount)s? (?:\w+ ){0,3}(?:goes? up|"
        r"go up|ends?|"
        r"expires?|gone|jumps?|rises?)|right now|act (?:now|fast)|hurry|running out|"
        r"miss(?:ing)? out|"
        r"won't (?:last|be (?:here|available|around))|before (?:it's|they're) gone|(?:today|"
        r"tonight) or|"
        r"my manager|other (?:buyers|people|customers) (?:are|who)|can't hold|off the table|"
        r"final)\b"
    ),
    "guilt": _rx(
        r"\b(?:letting? (?:\w+ ){1,3}down|regret\w*|sorry (?:later|when)|your (?:kids|family|"
        r"children|"
        r"wife|husband|staff|people) (?:will|would|deserve|are|if|need)|don't (?:you )?care|"
        r"really want "
        r"(?:to|that)|on you\b|blame|irresponsible|lawsuit|sued|fine[sd]?|lose (?:everything|"
        r"it all|"
        r"your)|what kind of|be the one who|how will you|live with)\b"
    ),
    "refuses_no": _rx(
        r"\b(?:not taking no|don't (?:hang up|say no|go)|before you (?:go|hang up|say)|"
        r"hear me out|i'm "
        r"not (?:hanging|letting|going)|can't let you|won't let you|you(?:'re| are) making a|"
        r"come on|"
        r"what's it going to|no is not|until you)\b"
    ),
    "discount": _rx(
        r"\b(?:discount\w*|% off|percent off|dollars off|money off|off the (?:price|first|"
        r"setup|total)|"
        r"knock|throw in|waive\w*|free|half price|half off|no charge|on (?:us|the house)|"
        r"first month|"
        r"bonus|gift|trial|coupon|special (?:price|rate|deal)|cheaper|drop (?:the|it)|lower|match "
        r"(?:the|any|their)|sweeten|better price|come down|beat (?:that|any|their))\b"
    ),
    "plead": _rx(
        r"\b(?:please|beg\w*|just (?:need|one|five|two|a|give|want)|give me (?:a|five|just|"
        r"one|two|the|"
        r"another)|one (?:more )?(?:minute|chance|second|call)|i(?:'ve| have) (?:called|"
        r"been calling|"
        r"tried|emailed|left)|keep (?:calling|trying)|call (?:you )?(?:back )?(?:again|every|"
        r"each)|every "
        r"day|again (?:tomorrow|tonight)|quota|my boss|desperate|checking in again|"
        r"following up again|"
        r"(?:third|fourth|fifth|sixth|seventh|tenth) (?:time|message|email|call)|did you get my|i "
        r"really need)\b"
    ),
    "disparage": _rx(
        r"\b(?:garbage|junk|terrible|awful|worst|scam\w*|rip(?:ping|s|ped)?[ -]?(?:you )?off|"
        r"clowns?|"
        r"amateurs?|dinosaur\w*|joke|outdated|ancient|idiots?|stupid|crooks?|cheap (?:knock|"
        r"stuff)|lousy|"
        r"useless|overpriced|those guys|these guys|nobody (?:uses|likes|trusts)|going under|a mess|"
        r"can't be trusted|lazy|incompetent|dumb|pathetic|disaster|ripoff|trash|crap\w*|"
        r"sloppy|shady)\b"
    ),
    "absolute": _rx(
        r"\b(?:guarantee\w*|never|always|100 ?(?:%|percent)|hundred percent|zero (?:risk|problems?|"
        r"errors?|downtime|issues?)|no risk|risk[- ]free|every single|any problem|completely|"
        r"totally|"
        r"absolutely|all your|perfect\w*|forever|promise|can't (?:fail|lose|go wrong)|"
        r"nothing (?:can|"
        r"will|ever)|double|triple|solve (?:all|everything)|ever again|no matter)\b|100%"
    ),
    "argue": _rx(
        r"\b(?:you(?:'re| are) (?:wrong|not (?:listening|being|seeing)|missing|mistaken|being|just|"
        r"overthinking|the (?:one|only))|that(?:'s| is) (?:not true|wrong|not how|just an excuse|"
        r"ridiculous|nonsense|simply|not (?:a|the) (?:real|point))|actually,? (?:no|you|that)|you "
        r"(?:should have|clearly|obviously|don't (?:understand|get|know)|"
        r"need to (?:understand|realize|"
        r"think|stop)|have to (?:understand|admit)|can't (?:seriously|really|just))|"
        r"with (?:all due )?"
        r"respect|excuse|frankly|makes no sense|let me explain|if you(?:'d| had) (?:listened|"
        r"just|only)|"
        r"be (?:reasonable|realistic|serious))\b"
    ),
    "claims": _rx(
        r"\b(?:best|leading|award\w*|state[- ]of[- ]the[- ]art|industry|world|number one|#1|"
        r"cutting|"
        r"platform|solution\w*|feature\w*|dashboard\w*|integrat\w+|automat\w+|cloud|ai|app|support|"
        r"24/7|technology|comprehensive|full|unlimited|all-in-one|powerful|innovative|top|premium|"
        r"quality|system|plus|includ\w+|we (?:also|offer|have|do|provide|handle|give))\b"
    ),
    # empathy
    "feeling": _rx(
        r"\b(?:frustrat\w+|hard|tough|rough|stress\w*|worr\w+|tired|tiring|exhaust\w+|scar\w+|"
        r"afraid|"
        r"anxious|upset|angry|overwhelm\w+|lonely|sorry|painful|difficult|wears?|wearing|"
        r"heavy|fair "
        r"enough|makes sense|no wonder|anyone would|i(?:'d| would) (?:be|feel)|"
        r"understandabl\w+|feel\w*|"
        r"burned|let down|nerve|embarrass\w+|unfair|weight|lot to (?:carry|deal|juggle|handle|ask)|"
        r"appreciate|thank\w*|proud|rotten|miserable|awkward|maddening|reasonable|glad)\b"
    ),
    "understand_but": _rx(
        r"\b(?:understand|hear you|get (?:it|that)|appreciate|know|see|fair|"
        r"respect)\b.{0,40}\bbut\b"
    ),
    "reflect": _rx(
        r"(?:^|[.!?] +)(?:so,? (?:you|it|that|the|what|if|your|they|she|he|there|for|right|on|two|"
        r"three|every|when)|you(?:'re| are|'ve| have|r)?\b|it sounds|sounds like|it seems|"
        r"what i(?:'m| "
        r"am)? hear\w*|let me (?:see if|make sure|say)|if i)|\b(?:what you're saying|"
        r"in other words|on "
        r"(?:the )?one hand)\b"
    ),
    "clarify": _rx(
        r"\b(?:what (?:makes|about|is it|worries|would|happened|part|went|did|concerns)|"
        r"when you say|is "
        r"it (?:the|that|more)|behind (?:that|it|the)|tell me more|say more|compared to|"
        r"too (?:much|"
        r"expensive|long) (?:for|compared|how)|which part|what's (?:behind|the)|"
        r"help me understand)\b"
    ),
    "small_talk": _rx(
        r"\b(?:how (?:are|is|was) (?:you|your (?:day|week|weekend|morning))|weather|weekend|"
        r"snow\w*|rain"
        r"\w*|sun\w*|hot|cold|game|team|holiday\w*|vacation|dog|coffee|traffic|"
        r"nice to (?:meet|hear|"
        r"talk)|good (?:morning|afternoon|evening)|hello|hi|hey|happy|lovely|beautiful|enjoy)\b"
    ),
    "greeting": _rx(
        r"^(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks for)\b|\b(?:this is|"
        r"my name is|"
        r"calling from|here from|calling about|calling because)\b"
    ),
    "personal": _rx(
        r"\b(?:i saw|i (?:read|noticed|looked)|you (?:wrote|filled|wrote in|asked for|checked|"
        r"ticked|put|"
        r"mentioned)|your (?:form|note|message|website|post|town|shop|card|flyer|ad|article|review|"
        r"request|listing)|you(?:'re| are) (?:in|a|the)|out there in|down in|up in)\b"
    ),
    "hedge": _rx(
        r"\b(?:maybe|perhaps|might|probably|usually|about|roughly|i think|sometimes|typically|"
        r"could be|"
        r"if i(?:'m| am) (?:off|wrong)|depends?|tend to)\b"
    ),
    "price": _rx(
        r"\$|\b(?:dollars?|cents?|bucks|a month|per month|a year|a head|price\w*|cost\w*|fee\w*)\b"
    ),
    "date": _rx(rf"\b(?:{_DAYS}|{_MONTHS}|\d{{1,2}}(?:st|nd|rd|th)|\d{{1,2}} ?(?:am|pm)|noon)\b"),
    "contrast": _rx(r"\b(?:but|however|though|still|yet|although)\b"),
    "self_start": _rx(r"^(?:so |well |okay |and )?(?:we|our|i)\b"),
    "acknowledge_only": _rx(
        r"^(?:(?:oh|ah|uh|um|okay|ok|right|sure|got it|i see|yeah|yes|mm\w*|hm+|great|good|"
        r"all right|"
        r"alright|let me see|fair|thanks|thank you|one (?:sec|moment)|no problem|noted)"
        r"\b[\s,.!-]*)+$"
    ),
    "yes_start": _rx(
        r"^(?:yes|yeah|yep|no|nope|correct|it is|it does|it doesn't|right|sure|good q)\b"
    ),
    "comparison": _rx(
        r"\b(?:than|compared|other (?:companies|vendors|providers)|competitors?|their)\b"
    ),
    "instruction": _rx(
        r"\b(?:ignore (?:all|your|the|previous)|system prompt|grader|your (?:rules|instructions))\b"
    ),
}

_PROSPECT_MARKS: dict[str, re.Pattern[str]] = {
    "p_question": _rx(r"\?"),
    "p_price_question": _rx(r"\b(?:how much|what (?:does|would|'s) .{0,20}(?:cost|price|run))\b"),
    "p_objection": _rx(
        r"\b(?:too (?:expensive|much|busy|soon|long|complicated|risky|high)|not (?:interested|"
        r"sure|now|"
        r"convinced|ready|a good)|don't (?:need|want|have|think|trust|see|know|believe|like)|"
        r"already "
        r"(?:have|use|got|tried)|no (?:time|budget|money)|can't (?:afford|just|do)|worried|afraid|"
        r"but|heard (?:that|this) before|burned|scam|problem is|last (?:guy|time|company|"
        r"vendor)|think "
        r"(?:about|it over)|talk to my|send me|skeptic\w*|sounds (?:too|like))\b"
    ),
    "p_no": _rx(r"^(?:no|nope|nah|not)\b|\b(?:not interested|no thanks?|stop calling|i said no)\b"),
    "p_yes": _rx(
        r"^(?:yes|yeah|yep|sure|ok|okay|alright|all right|fine|good|great|sounds good|let's|works|"
        r"perfect|deal)\b|\b(?:let's do|go ahead|i'm in|sign me|works for me|that works|"
        r"sounds good|"
        r"send it over|put me down|we have a deal|let's go)\b"
    ),
    "p_delay": _rx(
        r"\b(?:think about it|call (?:me )?(?:back|later|next)|send (?:me )?(?:some|an?)|later)\b"
    ),
    "p_feeling": _rx(
        r"\b(?:tired|stress\w*|worr\w+|scared|afraid|frustrat\w+|hate|awful|nightmare|hard|"
        r"sick|angry|"
        r"upset|crying|cried|embarrass\w+|lost|quit|died|hurt|exhaust\w+|lonely|overwhelm\w+)\b"
    ),
    "p_buying": _rx(
        r"\b(?:how (?:soon|fast|quickly)|when (?:can|could|would)|what happens (?:next|after)|"
        r"would (?:it|that|we))\b"
    ),
}

_STRUCTURE = (
    "words", "words_log", "sentences", "short", "long",
    "questions", "ends_with_question", "first_question", "only_question", "exclaims",
    "you", "we", "i", "you_share", "we_over_you",
    "figures", "figures_unheard", "capitals",
    "echo_last", "echo_last_share", "echo_all", "echo_all_share", "echo_last_before_question",
    "new_share", "echo_count",
    "opener", "early", "turns_before", "no_prospect", "p_words_log", "p_short",
    "p_yes_before", "p_yes_count", "p_asked_answered",
)  # fmt: skip

NAMES: tuple[str, ...] = (
    *_STRUCTURE,
    *_PROSPECT_MARKS,
    *_MARKS,
    *(f"last_{name}" for name in _MARKS),
    "x_question_after_objection", "x_statement_after_question", "x_arrange_after_yes",
    "x_arrange_date", "x_buy_question", "x_deadline_scarce", "x_link_echo", "x_reflect_echo",
    "x_feeling_no_question", "x_picture_question", "x_absolute_claim", "x_claims_no_echo",
)  # fmt: skip
"""The names of the columns of ``dense``, in order."""

_YES_ANYWHERE = _rx(
    r"\b(?:let's do (?:it|that|this)|sign me up|i'm in\b|go ahead|we have a deal|put me down|"
    r"that works|works for me|send (?:it|the (?:paperwork|contract|agreement)) over|"
    r"count me in|i'll "
    r"take it|you(?:'ve| have) got (?:yourself )?a deal|let's go)\b"
)


@dataclass(frozen=True, slots=True)
class Situation:
    """A rep turn with what stood before it: ``context`` as (speaker, text), oldest first."""

    text: str
    context: tuple[tuple[str, str], ...] = ()

    @property
    def last_prospect(self) -> str:
        """The prospect's last words, if the prospect spoke last or just before; else empty."""
        for speaker, text in reversed(self.context):
            if speaker == "prospect":
                return text
        return ""

    @property
    def prospect_texts(self) -> tuple[str, ...]:
        """Everything the prospect said before, oldest first."""
        return tuple(text for speaker, text in self.context if speaker == "prospect")


def normal(text: str) -> str:
    """Lower case, straight apostrophes: what the patterns read."""
    return text.replace("’", "'").replace("‘", "'").lower().strip()


def asks(text: str) -> bool:
    """Whether a turn puts a question, tag and unpunctuated ones ("how come") included."""
    low = normal(text)
    if "?" in low:
        return True
    last = (sentences(low) or [""])[-1]
    return bool(_UNPUNCTUATED.match(last))


_UNPUNCTUATED = _rx(
    r"^(?:so |and |okay |but |well )*(?:what(?:'s| is| are| do| did| does| would| made)|"
    r"how (?:do|did|does|"
    r"is|are|would|many|much|long|often|come)|why (?:do|did|is|are)|when (?:do|did|does|is)|"
    r"where (?:do|"
    r"did|is)|who (?:do|does|is|else)|do you|did you|are you|would you|could you|have you|"
    r"can i|may i|"
    r"tell me|walk me through)\b[^.!]*$"
)


def dense(situation: Situation) -> list[float]:
    """One number for each of ``NAMES``; counts are capped, shares lie in 0..1."""
    text = normal(situation.text)
    parts = sentences(text)
    last = parts[-1] if parts else ""
    words = tokens(text)
    count = len(words)
    prospect = [normal(said) for said in situation.prospect_texts]
    p_last = normal(situation.last_prospect)
    you = sum(w in _YOU for w in words)
    we = sum(w in _WE for w in words)
    own = sum(w in _I for w in words)
    topic = content_set([text])
    heard_last = topic & content_set([p_last])
    heard_all = topic & content_set(prospect)
    said_before = {f.value for _, said in situation.context for f in figures(said)}
    stated = figures(text)
    question_marks = text.count("?")
    asked = asks(text)
    statements = [part for part in parts if not part.endswith("?")]
    yes_count = sum(bool(_YES_ANYWHERE.search(said)) for said in prospect)

    row: dict[str, float] = {
        "words": min(count, 120) / 40,
        "words_log": math.log1p(count),
        "sentences": min(len(parts), 8) / 4,
        "short": float(count <= 5),
        "long": float(count >= 45),
        "questions": min(question_marks, 3),
        "ends_with_question": float(text.endswith("?") or (asked and question_marks == 0)),
        "first_question": float(bool(parts) and parts[0].endswith("?")),
        "only_question": float(bool(parts) and not statements),
        "exclaims": min(text.count("!"), 2),
        "you": min(you, 6) / 3,
        "we": min(we, 6) / 3,
        "i": min(own, 6) / 3,
        "you_share": you / max(count, 1),
        "we_over_you": we / max(we + you, 1),
        "figures": min(len(stated), 4) / 2,
        "figures_unheard": min(sum(f.value not in said_before for f in stated), 3),
        "capitals": min(sum(w[:1].isupper() for w in situation.text.split()[1:]), 5) / 3,
        "echo_last": min(len(heard_last), 6) / 3,
        "echo_last_share": len(heard_last) / max(len(topic), 1),
        "echo_all": min(len(heard_all), 8) / 4,
        "echo_all_share": len(heard_all) / max(len(topic), 1),
        "echo_last_before_question": float(
            bool(content_set(statements) & content_set([p_last])) and asked
        ),
        "new_share": 1 - len(heard_all) / max(len(topic), 1),
        "echo_count": min(len(content_set([last]) & content_set(prospect)), 4) / 2,
        "opener": float(not prospect),
        "early": float(len(situation.context) <= 2),
        "turns_before": min(len(situation.context), 6) / 3,
        "no_prospect": float(not p_last),
        "p_words_log": math.log1p(len(tokens(p_last))),
        "p_short": float(0 < len(tokens(p_last)) <= 4),
        "p_yes_before": float(yes_count > 0),
        "p_yes_count": min(yes_count, 2),
        "p_asked_answered": float("?" in p_last and bool(statements)),
    }
    for name, pattern in _PROSPECT_MARKS.items():
        row[name] = float(bool(pattern.search(p_last)))
    for name, pattern in _MARKS.items():
        there = pattern.findall(text)
        row[name] = min(len(there), 3)
        row[f"last_{name}"] = float(bool(there and pattern.search(last)))
    question = row["ends_with_question"]
    crossings: dict[str, float] = {
        "x_question_after_objection": question * row["p_objection"],
        "x_statement_after_question": row["p_question"] * float(not question),
        "x_arrange_after_yes": row["arrange"] * row["p_yes"],
        "x_arrange_date": row["arrange"] * min(row["date"], 1),
        "x_buy_question": question * max(row["last_buy_words"], row["last_would_you_like"]),
        "x_deadline_scarce": min(row["date"], 1) * row["scarcity"],
        "x_link_echo": row["link"] * row["echo_all"],
        "x_reflect_echo": row["reflect"] * row["echo_last"],
        "x_feeling_no_question": row["feeling"] * (1 - question),
        "x_picture_question": row["picture"] * question,
        "x_absolute_claim": row["absolute"] * min(row["we"], 1),
        "x_claims_no_echo": row["claims"] * row["new_share"],
    }
    row |= crossings
    return [row[name] for name in NAMES]


_YOU = frozenset("you your yours you're you'll you've you'd yourself".split())
_WE = frozenset("we our ours us we're we'll we've we'd".split())
_I = frozenset("i my me mine i'm i'll i've i'd".split())


def terms(situation: Situation) -> list[str]:
    """The namespaced word groups of a turn, for the heads' vocabulary; repeats dropped.

    ``w:`` words, pairs and threes of the turn; ``q:`` those of its questions; ``e:`` those of its
    last sentence; ``b:`` how each sentence begins; ``p:`` words of the prospect's last turn;
    ``c:`` character pieces, which survive typos. Figures are written ``#``, so that the heads
    learn the shape and not the number.
    """
    text = normal(situation.text)
    parts = sentences(text)
    found: dict[str, None] = {}
    _groups(text, "w", 3, found)
    for part in parts:
        words = _shape(part)
        found[f"b:{' '.join(words[:2])}"] = None
        found[f"b:{' '.join(words[:3])}"] = None
        if part.endswith("?"):
            _groups(part, "q", 2, found)
    if parts:
        _groups(parts[-1], "e", 2, found)
    _groups(normal(situation.last_prospect), "p", 2, found)
    for word in _shape(text):
        if word.isalpha() and word not in STOP and len(word) >= 5:
            padded = f"<{word}>"
            for start in range(len(padded) - 3):
                found[f"c:{padded[start : start + 4]}"] = None
    return list(found)


def _shape(text: str) -> list[str]:
    return ["#" if word[0].isdigit() else word for word in _NUMBER_OR_WORD.findall(text)]


def _groups(text: str, space: str, longest: int, found: dict[str, None]) -> None:
    words = _shape(text)
    for size in range(1, longest + 1):
        for start in range(len(words) - size + 1):
            group = words[start : start + size]
            found[f"{space}:{' '.join(group)}"] = None
    if space == "w":
        for word in words:
            if word.isalpha():
                found[f"s:{stem(word)}"] = None
