"""Who is the rep, and what is a turn: decided in one place for every format.

A transcript says who speaks by labels, and files differ in what they call people. A label that
can't be told from something said ("Note: bring it") must neither be dropped nor become a third
speaker in silence, so whatever is assumed here ends up in ``Transcript.notes``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from trainer import plaintext
from trainer.errors import UnreadableInput
from trainer.pathway import Speaker
from trainer.transcripts.turn import Transcript, Turn

REP_WORDS = frozenset({
    "rep", "sales rep", "salesrep", "representative", "sales representative", "agent",
    "sales agent", "sales", "seller", "salesperson", "salesman", "saleswoman", "advisor",
    "adviser", "consultant", "sdr", "bdr", "ae", "account executive", "closer", "host", "vendor",
    "internal",
})  # fmt: skip
PROSPECT_WORDS = frozenset({
    "prospect", "customer", "client", "buyer", "lead", "homeowner", "patient", "shopper",
    "guest", "consumer", "caller", "cust", "external", "end user", "enduser", "visitor",
})  # fmt: skip
_OTHER_WORDS = frozenset({
    "manager", "gatekeeper", "receptionist", "assistant", "secretary", "wife", "husband",
    "partner", "spouse", "colleague", "moderator", "interviewer", "narrator", "unknown",
    "trainer", "coach", "operator",
})  # fmt: skip
"""Third parties: a line of theirs is nobody else's, even where it is their only one."""

_MAX_LABEL = 60
_NAMES_LISTED = 6
_EDGE = "*_ \t"
_CAPITAL_WORD = re.compile(r"[^\W\d_a-z][\w.'’-]*|\d{1,4}|of|the|de|van|von|da|di")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said, as it stands in the file."""

    line: int | None
    """Its line, from 1, where the format has lines."""
    label: str | None
    """Who says it, as the file calls them; None where the line does not say."""
    text: str
    start: float | None = None


def spoken(text: str) -> str:
    """A line of a file made plain. What no turn can hold is cut off before it costs any time."""
    return plaintext.clean(text.strip()[: 4 * plaintext.MAX_TURN_CHARACTERS])


def lines_of(text: str) -> list[str]:
    """Lines as an editor counts them; ``splitlines`` breaks at more than line breaks."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{1,9})?)")


def seconds_of(clock: str) -> float | None:
    """Seconds from ``01:02:03.5`` or ``02:03``; None where it is neither."""
    match = _CLOCK.fullmatch(clock.strip())
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))


def fold(name: str) -> str:
    """A name as it is compared: letters of one case, white space and ``_`` as one space."""
    return " ".join(name.replace("_", " ").casefold().split())


def label_of(line: str) -> str | None:
    """The name before the first colon of a cleaned line, if what stands there could be one."""
    name, colon, rest = line[: _MAX_LABEL + 2].partition(":")
    name = name.strip(_EDGE)
    if not colon or not name or not name[0].isalpha():
        return None
    if rest and not (rest[0].isspace() or rest[0] in "*_"):  # 10:30, http://
        return None
    return name if len(name.split()) <= 5 else None


def labelled(said: Sequence[Utterance], rep_name: str | None) -> list[Utterance]:
    """Lines of text with the label that begins them, if it is a speaker's, taken off them."""
    candidates = [None if one.label else label_of(one.text) for one in said]
    speakers = _speakers(candidates, {fold(one.label) for one in said if one.label}, rep_name)
    return [
        Utterance(one.line, name, one.text.partition(":")[2].lstrip(_EDGE), one.start)
        if name is not None and fold(name) in speakers
        else one
        for one, name in zip(said, candidates, strict=True)
    ]


def _speakers(
    candidates: Sequence[str | None], voices: set[str], rep_name: str | None
) -> frozenset[str]:
    """Which of the possible labels are speakers, folded."""
    named = [name for name in candidates if name is not None]
    often = Counter(fold(name) for name in named)
    known = {name for name in often if name in REP_WORDS or name in PROSPECT_WORDS}
    if rep_name:
        known |= {name for name in often if is_called(name, rep_name)}
    like_names = {fold(name) for name in named if _like_a_name(name)}
    # "dana: ..." on several lines is a person; "look: ..." once is a manner of speaking.
    like_names |= {name for name in often if often[name] > 1 and name.isalpha()}
    present = known | (voices & (REP_WORDS | PROSPECT_WORDS))
    both = bool(present & REP_WORDS) and bool(present & PROSPECT_WORDS)
    if both or len(voices) > 1:
        # The two are known, so a label seen once is rather something said: "Note: bring it".
        like_names = {name for name in like_names if often[name] > 1 or name in _OTHER_WORDS}
    return frozenset(known | like_names)


def _like_a_name(label: str) -> bool:
    words = label.replace("(", " ").replace(")", " ").split()
    return bool(words) and all(_CAPITAL_WORD.fullmatch(word) for word in words)


def is_called(label: str, rep_name: str) -> bool:
    """Whether a label is this name, or has it for a part."""
    wanted, name = fold(rep_name), fold(label)
    return bool(wanted) and (name == wanted or wanted in name.split())


@dataclass(slots=True)
class _Building:
    """A turn while lines are added to it."""

    label: str
    start: float | None
    parts: list[str] = field(default_factory=list)


def assemble(
    said: Sequence[Utterance],
    *,
    source: str,
    rep_name: str | None = None,
    known_rep: str | None = None,
    known_prospect: str | None = None,
    notes: Sequence[str] = (),
) -> Transcript:
    """A transcript out of utterances: the rep is found, and each speaker's lines become turns.

    ``rep_name`` is the user's word and must name a speaker; ``known_rep`` and ``known_prospect``
    are what the file calls the two, and may be names that no line uses; ``notes`` is what was
    assumed before.

    Raises ``UnreadableInput`` where nothing is said, a line belongs to nobody, or there are not
    two sides.
    """
    notes = list(notes)
    spoken_by, names, lines = _by_speaker(said, source)
    if not rep_name and known_rep and any(is_called(name, known_rep) for name in names):
        rep_name = known_rep
    rep = _rep(spoken_by, names, lines, source=source, rep_name=rep_name, notes=notes)
    others = [name for name in names if name != rep]
    if len(others) > 1:
        listed = _listed([names[name] for name in others])
        notes.append(f"took all but {_quoted(names[rep])} for the prospect: {listed}")
    turns = _turns(spoken_by, rep, notes)
    prospect = names[others[0]] if len(others) == 1 else None
    if prospect and others[0] in PROSPECT_WORDS:
        prospect = None
    return Transcript(
        tuple(turns),
        rep_name=known_rep if rep in REP_WORDS else names[rep],
        prospect_name=known_prospect or prospect,
        source=source,
        notes=tuple(notes),
    )


def _by_speaker(
    said: Sequence[Utterance], source: str
) -> tuple[list[_Building], dict[str, str], dict[str, int | None]]:
    """Utterances joined while one speaker goes on; names by their folded form; first lines."""
    built: list[_Building] = []
    names: dict[str, str] = {}
    lines: dict[str, int | None] = {}
    label: str | None = None
    for one in said:
        label = one.label or label
        if not one.text:
            continue
        if label is None:
            raise UnreadableInput(
                "nobody is named as saying this; begin the line with 'Rep:' or 'Prospect:'",
                path=source,
                line=one.line,
            )
        speaker = fold(label)
        names.setdefault(speaker, plaintext.clip(label, _MAX_LABEL))
        lines.setdefault(speaker, one.line)
        if not built or built[-1].label != speaker:
            built.append(_Building(speaker, one.start))
        built[-1].parts.append(one.text)
    if not built:
        raise UnreadableInput("the transcript is empty: nobody says anything", path=source)
    return built, names, lines


def _rep(
    built: Sequence[_Building],
    names: dict[str, str],
    lines: dict[str, int | None],
    *,
    source: str,
    rep_name: str | None,
    notes: list[str],
) -> str:
    """The folded name of the rep. Whatever is assumed to find it goes into ``notes``."""
    if len(names) == 1:
        (only,) = names.values()
        raise UnreadableInput(
            f"only one speaker, {_quoted(only)}; a call needs a rep and a prospect", path=source
        )
    if rep_name:
        exact = [name for name in names if name == fold(rep_name)]
        called = exact or [name for name in names if is_called(name, rep_name)]
        if len(called) != 1:
            problem = "nobody is called" if not called else "more than one speaker is called"
            raise UnreadableInput(
                f"{problem} {_quoted(rep_name)} (--rep-name); the speakers are: "
                f"{_listed(list(names.values()))}",
                path=source,
            )
        return called[0]
    if len(names) > 2:
        third = list(names)[2]
        raise UnreadableInput(
            f"{len(names)} speakers ({_listed(list(names.values()))}); say with --rep-name which "
            "one is the rep, and all others count as the prospect",
            path=source,
            line=lines[third],
        )
    reps = [name for name in names if name in REP_WORDS]
    prospects = [name for name in names if name in PROSPECT_WORDS]
    if len(reps) == 1:
        return reps[0]
    if len(prospects) == 1:
        (rep,) = (name for name in names if name not in prospects)
        notes.append(
            f"took {_quoted(names[rep])} for the rep (the other one is called "
            f"{_quoted(names[prospects[0]])}); name another with --rep-name"
        )
        return rep
    return _guess(built, names, notes)


def _guess(built: Sequence[_Building], names: dict[str, str], notes: list[str]) -> str:
    """The one of two who asks more, for a rep asks; where both ask alike, who speaks first."""
    asked = Counter(dict.fromkeys(names, 0))
    for turn in built:
        asked[turn.label] += sum(part.count("?") for part in turn.parts)
    (rep, most), (_, least) = asked.most_common()
    reason = "asks more"
    if most == least:
        rep, reason = built[0].label, "speaks first"
    notes.append(f"took {_quoted(names[rep])} for the rep ({reason}); name another with --rep-name")
    return rep


def _turns(built: Sequence[_Building], rep: str, notes: list[str]) -> list[Turn]:
    """Turns of the two sides; with several people on one side, theirs in a row are one."""
    sides: list[tuple[Speaker, _Building]] = []
    for one in built:
        speaker = Speaker.REP if one.label == rep else Speaker.PROSPECT
        if sides and sides[-1][0] is speaker:
            sides[-1][1].parts.extend(one.parts)
        else:
            sides.append((speaker, one))
    turns: list[Turn] = []
    for number, (speaker, one) in enumerate(sides, start=1):
        whole = " ".join(one.parts)
        text = plaintext.clip(whole)
        if text != whole:
            notes.append(
                f"turn {number} is longer than {plaintext.MAX_TURN_CHARACTERS} characters "
                "and was cut there"
            )
        turns.append(Turn(speaker, text, one.start))
    return turns


def _quoted(name: str) -> str:
    return "'" + plaintext.clip(plaintext.clean(name), _MAX_LABEL) + "'"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(_quoted(name) for name in names[:_NAMES_LISTED])
    return shown + (f" and {len(names) - _NAMES_LISTED} more" if len(names) > _NAMES_LISTED else "")
