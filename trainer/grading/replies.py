"""How a prospect took it: whether their next words refuse, by plain wording.

The grader needs only this much of the prospect: a close that is refused was not earned.
"""

from __future__ import annotations

import re

_REFUSAL = re.compile(
    r"^\W*(?:no\b(?! problem| worries| doubt)|nope\b|stop\b|wait\b|whoa\b|not so fast\b)"
    r"|^\W*(?:hold on|hang on|slow down)\b"
    r"|\b(?:not interested|no thank(?:s| you)|not ready|not (?:today|yet|going to))\b"
    r"|\b(?:haven't (?:agreed|decided|said)|didn't (?:agree|say yes)|never (?:agreed|said))\b"
    r"|\b(?:don't|do not) want\b|\b(?:let me think|think about it|sleep on it)\b"
    r"|\b(?:getting|you're) ahead of\b|\btoo (?:fast|soon|early)\b|\bpush(?:ing|y)\b"
    r"|\bi(?:'ll| will) (?:pass|get back)\b|\b(?:call|get back to) you\b",
    re.IGNORECASE,
)
_GOODBYE = re.compile(r"\b(?:good ?bye|bye)\b", re.IGNORECASE)
_GOES_ALONG = re.compile(
    r"^\W*(?:yes|yeah|yep|ok|okay|all ?right|good|fine|sure|great|perfect|sounds|thanks?|works)\b",
    re.IGNORECASE,
)


def refuses(reply: str) -> bool:
    """Whether a reply turns down what was just put forward. A goodbye that begins with a yes is
    a yes."""
    if _REFUSAL.search(reply):
        return True
    return bool(_GOODBYE.search(reply)) and not _GOES_ALONG.search(reply)
