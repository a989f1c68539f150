"""How someone took it: whether their words turn down what was just put to them, by plain wording.

The grader needs only this much of the prospect: a close that is refused was not earned, one that is
taken up was not rushed. The guard
needs it too: a prospect who is told to say no must be heard to say it.
"""

from __future__ import annotations

import re

_OUTRIGHT = re.compile(
    r"^\W*(?:nope\b|nah\b|not so fast\b)"
    r"|\b(?:it's|it is|that's|that is|still|answer's|answer is) (?:a )?no\b(?! [a-z])"
    r"|\b(?:it's|still) a no\b|\bno\W*$|\b(?:say|saying|said) no\b|\byeah,? no\b|\bno from\b"
    r"|\bno,? thank(?:s| you)\b|\bneither would i\b"
    r"|\bnot (?:interested|buying|ready|today|going to|comfortable|for (?:me|us))\b|\bnot yet\W*$"
    r"|\b(?:isn't|is not|not) (?:right )?for (?:me|us)\b|\bdon't feel comfortable\b"
    r"|\b(?:i|we) (?:won't|will not|don't want|do not want|don't buy)\b"
    r"|(?:^\W*|\b(?:i'll|i will|i'm going to|we'll) )pass\b|\bi'm out\W*(?:$|\.)"
    r"|\b(?:doesn't|does not) meet\b|\bcase isn't there\b|\bit(?:'s| is) dead\b"
    r"|\bnot how (?:i|we)\b",
    re.IGNORECASE,
)
_BARE_NO = re.compile(r"^\W*no\b(?!,? (?:problem|worries|doubt|it's (?:fine|ok)))", re.IGNORECASE)
_PUT_OFF = re.compile(
    r"\b(?:think about it|think it over|sleep on it|talk it over)\b|\bask me again\b"
    r"|\bi(?:'ll| will) (?:get back|come back)\b|\b(?:call|get back to) you\b"
    r"|\bmaybe (?:after|later|some|next|another)\b|\bbefore (?:i|we) (?:commit|decide)\b"
    r"|\b(?:don't|can't|cannot|couldn't) (?:decide|choose|commit|be the one)\b"
    r"|\blet's leave\b|\bleave (?:it|me) (?:there|a bit|alone|with (?:me|the))\b|^\W*leave it\b"
    r"|\blook at it (?:when|after|later|some)|\bpark it\b|\bwe'll see\b|\bg[ia]ve it a few days\b"
    r"|\bi'm (?:just )?not (?:there|sure)(?: yet)?\W*(?:$|\.)|\bother (?:fires|things) first\b"
    r"|\bcan't (?:do|hold) (?:this|that|the|another)\b|\b(?:today|now) i'm not\b",
    re.IGNORECASE,
)
_MAYBE_LATER = re.compile(
    r"\b(?:sit with|sit down with|mull)\b|\bi(?:'ll| will) (?:look at it|need to)\b"
    r"|\b(?:i|we)(?:'d| would)? (?:need|want|have) to (?:think|study|talk|check|sit|lie|be sure)\b"
    r"|\bnot (?:rush|enough data)\b|\blet (?:me|us) (?:think|read|look|poke|talk|sit|sleep)\b"
    r"|\bif it's that good\b|\bdidn't give me enough\b",
    re.IGNORECASE,
)
"""Putting it off, unless the reply begins with a yes: "Okay, I'll need to be there by nine." """
_STOPS = re.compile(
    r"^\W*(?:stop\b|wait\b|w(?:hoa|oah)\b|slow down\b|come on\b|nice try\b)"
    r"|\b(?:i|we) haven't (?:agreed|decided|said|finished)\b|\bi haven't\W*$"
    r"|\b(?:i|we) (?:didn't|never|did not) (?:agree|agreed|say|said)\b|\bdidn't know we\b"
    r"|\b(?:getting|you're) ahead of\b|\btoo (?:fast|soon|early|quick)\b|\bbit (?:quick|much)\b"
    r"|\bpush(?:ing|y)\b|\b(?:don't|not) (?:rush|hurry|push|pile|handle|schedule) ?"
    r"|\bback up\b|\bgo back\b|\bwrong order\b|\bdoesn't follow\b|\bdon't put me\b"
    r"|\byou're (?:concluding|wasting|losing|making it|doing what)\b"
    r"|\bi (?:asked|said) (?:for )?(?:a |an |the )?(?:figure|short|email)\b|\bwe skipped\b"
    r"|\b(?:like them|that's a line)\b|\bbooking stuff\b|\bstarted selling\b",
    re.IGNORECASE,
)
_HESITATES = re.compile(
    r"\b(?:guess|suppose|pardon|sorry,? what|hold on|hang on|steady on|wait|haven't|hadn't)\b"
    r"|\bdon't (?:know|think)\b|\bnot sure\b|\bstill (?:looking|deciding|thinking)\b"
    r"|\b(?:nobody|who) (?:said|needs|asked)\b|\b(?:didn't|never) (?:say|said|ask|asked|agree)\b",
    re.IGNORECASE,
)
_FIRST_SENTENCE = re.compile(r"[^.!?]*[.!?]?")
_PAUSES = re.compile(r"^\W*(?:hold on|hang on)\b", re.IGNORECASE)
_LEAVES = re.compile(
    r"\b(?:good ?bye|bye|hang(?:ing)? up|phone down|(?:got|have) to go|take care(?! of))\b"
    r"|\bi(?:'m| am) (?:gone|done|finished|going(?: to go)? now|ending)\b"
    r"|\bwe(?:'re| are) (?:done|finished)\b|\bend(?:ing)? th(?:e|is) call\b|\btime's up\b"
    r"|\bline's closing\b|\b(?:call|calling) me again\b|\btake me off\b|\bthat's (?:it|enough)\.",
    re.IGNORECASE,
)
_GOES_ALONG = re.compile(
    r"^\W*(?:yes|yeah|yep|ok|okay|all ?right|good|fine|sure|great|perfect|sounds|thanks?|works)\b",
    re.IGNORECASE,
)
_YES_AFTER_ALL = re.compile(
    r"\b(?:yes|that's (?:right|fine)|works|go ahead|sounds good|(?:is|day's) fine)\b", re.IGNORECASE
)


def refuses(reply: str) -> bool:
    """Whether a reply turns down, puts off or stops what was just put forward.

    A goodbye that begins with a yes is a yes, and "hang on" followed by one is a pause.
    """
    reply = reply.replace("\u2019", "'")
    if _OUTRIGHT.search(reply) or _PUT_OFF.search(reply) or _STOPS.search(reply):
        return True
    if _BARE_NO.search(reply) or _PAUSES.search(reply):
        return not _YES_AFTER_ALL.search(reply)
    return bool(_MAYBE_LATER.search(reply) or _LEAVES.search(reply)) and not goes_along(reply)


def takes_up(reply: str) -> bool:
    """Whether a reply settles into what was put forward as decided: a yes, or a detail given.

    Not one that turns it down, hesitates, or asks back first what this is about.
    """
    reply = reply.replace("\u2019", "'").strip()
    if not reply or refuses(reply) or _HESITATES.search(reply):
        return False
    opening = _FIRST_SENTENCE.match(reply)
    asks_back = opening is not None and opening[0].endswith("?")
    return not asks_back or bool(_YES_AFTER_ALL.search(reply))


def leaves(reply: str) -> bool:
    """Whether a reply ends the conversation."""
    return bool(_LEAVES.search(reply.replace("\u2019", "'")))


def goes_along(reply: str) -> bool:
    """Whether a reply begins as one that goes along with what was said."""
    return bool(_GOES_ALONG.search(reply))
