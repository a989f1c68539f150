"""Is a line fit to be said? Pure rules between what the model drew and what the rep hears.

The guard protects what the code has decided: a line may not agree, refuse, reveal or ask what the
direction does not, nor speak as anyone but the prospect. It returns the reason, so that refusals
can be counted by kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from trainer import wording
from trainer.library import Scenario
from trainer.pathway import Act, Speaker
from trainer.prospect.standing import Direction
from trainer.replies import goes_along, leaves, refuses
from trainer.transcripts import Turn

MAX_WORDS = 30
"""A prospect's turn has a median of 8 to 12 words in labelled calls; 30 is a long one."""

_MARKUP = re.compile(r"[<>{}\[\]|*#`_\\~^=]|https?:|www\.|\(\s*\)")

_LABEL = re.compile(r"\s*\w+(?: (?:[A-Z]\w*|says?|said|replie[sd]|answers?|answered))?:\s")
"""A speaker's name before the words, as in a script: one word or a full name, not "Just facts:"."""

_STUTTER = re.compile(r"\b(\w+(?: \w+){0,3}) \1\b", re.IGNORECASE)
"""Words said twice running, as a model that was given the first of them may."""
_SAID_TWICE = frozenset(
    "had that very really so no nope yes yep yeah now well bye hey long far many".split()
)
"""Words people do say twice running."""


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)


_ASSISTANT = _any_of(
    r"as an? (?:ai|assistant|language model|chatbot)",
    r"language model",
    r"i(?:'m| am) (?:here to|an? (?:ai|assistant))",
    r"how (?:can|may) i (?:help|assist)",
    r"(?:happy|glad|here) to (?:help|assist)",
    r"assist you",
    r"feel free to",
    r"let me know if",
    r"i can help you",
    r"i(?:'d| would) be happy to",
    r"can i help you with",
    r"i apologi[sz]e for",
    r"thank(?:s| you) for (?:reaching|sharing)",
    r"thank(?:s| you) for your (?:question|time|interest|call|patience)",
    r"here(?:'s| is) (?:a|an|the|my) (?:response|reply|line|answer|sentence)",
)
_REP = _any_of(
    r"thank(?:s| you) for (?:calling us|choosing|considering)",
    r"we (?:offer|provide|speciali[sz]e|can offer|can help)",
    r"our (?:product|services?|software|platform|solution|customers|clients|team can)",
    r"i(?:'m| am) calling (?:you|from|about)",
    r"i(?:'d| would) (?:love|like) to (?:offer|show|tell|help|schedule|introduce)",
    r"would you (?:like|be interested)",
    r"can i interest",
    r"are you interested",
    r"let me (?:explain|show you|tell you about|introduce)",
    r"how does that sound",
    r"what can i do for you",
    r"we(?:'ll| will) (?:take care of|help you|make sure you)",
    r"i can (?:offer|assist|schedule you)",
    r"sign you up",
    r"your (?:business|company|team|needs) (?:is|are) (?:important|our)",
)
_COMMITS = _any_of(
    r"let'?s (?:do|go with|get (?:it|this|that) (?:done|started)|sign|book|proceed)",
    r"let'?s make it happen",
    r"i(?:'ll| will) (?:take it|sign|buy|order|go with|do it)",
    # "I'm in.", not "I'm in a meeting"
    r"(?:we|i)(?:'re| are|'m| am) (?:in(?=\W*$|[.,;!]| (?:if|then)\b)|on board|sold)",
    r"sign (?:me|us) up",
    r"count (?:me|us) in",
    r"(?:you have|it's|that's) a deal",
    r"you(?:'ve| have) (?:got|sold) (?:a deal|me)",
    r"where do (?:i|we) sign",
    r"i (?:agree|accept)",
    r"(?:go|move|moving|going) (?:right )?ahead with",
    r"send (?:me |us |over )?the (?:contract|paperwork|agreement)",
    r"book (?:it|me|us)",
    r"put (?:me|us) down",
    r"i(?:'m| am) ready to (?:buy|sign|go|start)",
    r"(?:i|we)(?:'d| would) (?:like|love) to (?:buy|sign|order|go ahead|proceed|get started)",
    r"(?:that|it) works for (?:me|us)",
    r"yes,? please",
    r"we have an agreement",
    r"looking forward to (?:working|getting started|it)",
)
_WHEN = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|the (?:\d+(?:st|nd|rd|th)|first|second|third|\w+th))"
)
_TAKES_DATE = re.compile(
    rf"(?:aye|yes|yeah|okay|fine|all right),? {_WHEN}\b"
    rf"|{_WHEN},? (?:yes|aye|then|it is|fine|good|works)\b",
    re.IGNORECASE,
)
"""A day said back with a yes, at the head of a line: the rep would write it down."""
_BEGINS_WITH_NO = re.compile(r"\W*(?:not?|never)\b(?!,? (?:problem|worries))", re.IGNORECASE)
_AGREES = _any_of(
    r"yes|yeah|yep|okay|ok|all ?right|fine|good|great|sure|works",
    r"do it|done|deal|go|then|right|let's",
    r"(?:mon|tues|wednes|thurs|fri)day",
)
_REFUSES = _any_of(
    r"not interested",
    r"no thank(?:s| you)",
    r"(?:don'?t|do not|stop) (?:call|calling)",
    r"i(?:'ll| will) pass",
    r"(?:we|i)(?:'re| are|'m| am) (?:done|hanging up)",
    r"hang(?:ing)? up",
    r"good ?bye|bye(?: now)?",
    r"take (?:me|us) off",
)
_QUESTION_ACTS = frozenset(
    {Act.ASK_QUESTION, Act.ASK_PROOF, Act.PUSH_BACK, Act.HOLD_BACK, Act.GREET, Act.BRUSH_OFF,
     Act.OBJECT, Act.CONSIDER, Act.SMALL_TALK, Act.CONFIRM, Act.BUYING_SIGNAL}
)  # fmt: skip
_COMMIT_ACTS = frozenset({Act.AGREE, Act.CONFIRM})
_REFUSE_ACTS = frozenset({Act.DECLINE, Act.HANG_UP, Act.DEFER, Act.BRUSH_OFF, Act.PUSH_BACK})


@dataclass(frozen=True)
class Guard:
    """Judges lines for one scenario."""

    scenario: Scenario

    def refuse(
        self,
        line: str,
        direction: Direction,
        turns: Sequence[Turn],
        disclosed: frozenset[str] = frozenset(),
    ) -> str | None:
        """Why ``line`` may not be said now, or None if it may.

        ``turns``: the conversation so far. ``disclosed``: ids of the facts already told.
        """
        line = _straight(line)
        return (
            unfit(line, direction, turns, self._public_text)
            or self._refuse_name(line, direction, turns)
            or self._refuse_leak(line, direction, turns, disclosed)
        )

    def _refuse_name(self, line: str, direction: Direction, turns: Sequence[Turn]) -> str | None:
        first = re.escape(self.scenario.prospect.first_name)
        # Nobody on the phone calls out their own name, but when they pick up: "Holt Bakery, Mira."
        calls = (
            r"(?:hello|hi|hiya|hey|morning|thanks|you),? "
            if direction.act is Act.GREET
            else (r"(?:^|[,.!?] |^\w+ )")
        )
        called = re.search(rf"{calls}{first}\s*([,!.:?]|$)", line, re.IGNORECASE)
        own = rf"\b(this is|it's|i'm|speaking)\W+{first}|{first}\W+(speaking|here)"
        if called and not re.search(own, line, re.IGNORECASE):
            return "speaks as the rep"
        ours = re.escape(self.scenario.you.company)
        # Who picks up can't know who calls; later, they may name the company, not belong to it.
        theirs = rf"(?:at|from|here at|i'm with|we at) {ours}" if turns else ours
        if _any_of(theirs).search(line):
            return "speaks as the rep"
        return None

    def _refuse_leak(
        self, line: str, direction: Direction, turns: Sequence[Turn], disclosed: frozenset[str]
    ) -> str | None:
        said = wording.content_set([line])
        known = self._public | wording.content_set([direction.say or ""])
        for turn in turns:
            known |= wording.content_set([turn.text])
        for fact in self.scenario.tellable:
            if fact.id in disclosed or fact.id == direction.say_id:
                continue
            telling = wording.content_set([fact.say]) - known
            if len(telling & said) >= max(2, len(telling) / 2):
                return "leaks a fact"
        return None

    @cached_property
    def _public_text(self) -> str:
        s = self.scenario
        return " ".join(
            part
            for part in (s.title, s.industry, s.prospect.name, s.prospect.role, s.prospect.company,
                         s.prospect.city, s.lead.saw, s.lead.wrote, s.you.company, s.you.sells,
                         s.you.price)
            if part
        )  # fmt: skip

    @cached_property
    def _public(self) -> frozenset[str]:
        return wording.content_set([self._public_text])


def unfit(line: str, direction: Direction, turns: Sequence[Turn], known: str = "") -> str | None:
    """Why nobody may say ``line`` under this direction, whoever they are; None if it may be said.

    ``known``: what is no secret, in whose figures a line may speak.
    """
    line = _straight(line)
    return (
        _refuse_form(line)
        or refuse_role(line, direction)
        or _refuse_act(line, direction)
        or refuse_content(line, direction)
        or _refuse_figures(line, direction, turns, known)
        or _refuse_echo(line, turns)
    )


def _straight(line: str) -> str:
    return line.replace("\u2019", "'")  # the rules here are written with straight ones


def refuse_role(line: str, direction: Direction) -> str | None:
    """Why ``line`` is not a prospect's at all, but a rep's or an assistant's; None if it may be."""
    if _ASSISTANT.search(line):
        return "speaks as an assistant"
    # "Where would our clients' files be?" is the prospect's own, where it is to be said.
    own = _straight(direction.say or "").casefold()
    if any(found.group(0).casefold() not in own for found in _REP.finditer(line)):
        return "speaks as the rep"
    return None


def _refuse_figures(
    line: str, direction: Direction, turns: Sequence[Turn], known: str
) -> str | None:
    given = wording.values(direction.say or "") | wording.values(known)
    for turn in turns:
        given |= wording.values(turn.text)
    # A clock or a count up to two is manner of speaking; any other new figure is made up.
    if {figure for figure in wording.values(line) if figure not in (2, 5)} - given:
        return "invents a figure"
    return None


def _refuse_form(line: str) -> str | None:
    if not any(char.isalpha() for char in line):
        return "says nothing"
    if _MARKUP.search(line) or _LABEL.match(line):
        return "carries markup"
    if sum(char.isascii() or char.isalpha() for char in line) < 0.9 * len(line):
        return "carries markup"
    if line.count('"') % 2 or line.count("“") != line.count("”"):
        return "carries markup"  # half a quotation: the words before it were somebody else's
    if any(twice.group(1).casefold() not in _SAID_TWICE for twice in _STUTTER.finditer(line)):
        return "stutters"
    if len(line.split()) > MAX_WORDS:
        return "runs long"
    if line[-1] not in ".?!…\"'”’":
        return "breaks off"
    return None


def _refuse_act(line: str, direction: Direction) -> str | None:
    act = direction.act
    if act not in _COMMIT_ACTS and (_COMMITS.search(line) or _TAKES_DATE.match(line)):
        return "agrees when not directed to"
    if act not in _REFUSE_ACTS and _REFUSES.search(line):
        return "refuses when not directed to"
    if act is Act.AGREE and (not _AGREES.search(line) or refuses(line)):
        return "does not do what was directed"
    if act in _COMMIT_ACTS and _BEGINS_WITH_NO.match(line):  # "Not Tuesday. Fine, go."
        return "does not do what was directed"
    if act is Act.DECLINE and not refuses(line):
        return "does not do what was directed"
    if act is Act.HANG_UP and not (leaves(line) or refuses(line)):
        return "does not do what was directed"
    if act in (Act.PUSH_BACK, Act.DEFER) and goes_along(line) and not refuses(line):
        return "does not do what was directed"
    if act is Act.ASK_QUESTION and "?" not in line:
        return "does not do what was directed"
    if act not in _QUESTION_ACTS and "?" in line:
        return "asks when not directed to"
    return None


def refuse_bending(line: str, like: str) -> str | None:
    """Why ``line`` is a written one bent out of shape; None where it is whole, or not much of it
    is left at all.

    A word swapped inside a line is where a small model loses the sense ("how they'd all take it"
    became "how the bond would all take it"); words put before or after it seldom do harm.
    """
    written, said = wording.tokens(like), wording.tokens(line)
    steps = SequenceMatcher(None, written, said, autojunk=False).get_opcodes()
    kept = sum(end - begin for step, begin, end, _, _ in steps if step == "equal")
    bent = any(step == "replace" for step, *_ in steps)
    return "bends its own line" if bent and 2 * kept >= len(written) else None


def refuse_content(line: str, direction: Direction) -> str | None:
    """Why ``line`` does not say the fact, question or objection it was handed; None if it does."""
    say = direction.say
    if say is None:
        return None
    if wording.values(say) - wording.values(line):
        return "drops what it was told to say"
    wanted = 0.85 if direction.say_kind == "fact" else 0.75
    return "drops what it was told to say" if wording.recall(line, say) < wanted else None


def _refuse_echo(line: str, turns: Sequence[Turn]) -> str | None:
    for turn in turns:
        alike = wording.likeness(line, turn.text)
        if turn.speaker is Speaker.PROSPECT and alike >= 0.75:
            return "repeats an earlier line"
        if turn.speaker is Speaker.REP and alike >= 0.6 and len(line.split()) > 4:
            return "parrots the rep"
    return None
