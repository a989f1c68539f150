"""A manager hands over a transcript in whatever form their tool exports."""

from __future__ import annotations

import io
import itertools
import json
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from trainer.errors import TrainerError, UnreadableInput
from trainer.pathway import Speaker
from trainer.plaintext import MAX_TURN_CHARACTERS
from trainer.transcripts import Transcript, parse_transcript, read_transcript

Write = Callable[[str, str | bytes], Path]

PLAIN = """\
# a call of Tuesday
Rep: Hi Dana, is now a good moment?
Prospect: I have five minutes.
REP: You wrote that three runs went out wrong.
What happened on the worst one?
prospect:   Two drivers quit over it.
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below the test's folder."""

    def put(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


def _said(transcript: Transcript) -> list[tuple[str, str]]:
    return [(turn.speaker.value, turn.text) for turn in transcript.turns]


def _refused(text: str, rep_name: str | None = None, source: str = "call.txt") -> UnreadableInput:
    with pytest.raises(UnreadableInput) as error:
        parse_transcript(text, source=source, rep_name=rep_name)
    assert str(error.value).startswith(source)
    return error.value


CALL = [
    ("rep", "Hi Dana, is now a good moment?"),
    ("prospect", "I have five minutes."),
    ("rep", "You wrote that three runs went out wrong. What happened on the worst one?"),
    ("prospect", "Two drivers quit over it."),
]


def test_plain_text_is_read_with_comments_and_continued_lines(write: Write) -> None:
    """Rep and Prospect in any case; '#' lines are left out; a bare line goes on."""
    transcript = read_transcript(write("call.txt", PLAIN))
    assert _said(transcript) == CALL
    assert transcript.notes == ()
    assert transcript.source.endswith("call.txt")
    assert (transcript.rep_name, transcript.prospect_name) == (None, None)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_of_any_system_will_do(write: Write, ending: str) -> None:
    """Windows and old Mac files read the same, with a byte-order mark as well."""
    raw = b"\xef\xbb\xbf" + PLAIN.replace("\n", ending).encode()
    assert _said(read_transcript(write("call.txt", raw))) == CALL


def test_a_transcript_can_be_piped_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """'-' reads standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(PLAIN.encode())))
    assert _said(read_transcript("-")) == CALL


def test_two_lines_of_one_speaker_are_one_turn() -> None:
    """Turns alternate: what one says before the other speaks is one turn."""
    transcript = parse_transcript("Rep: Hi.\nRep: It's Al.\nProspect: Yes?\n", source="x")
    assert _said(transcript) == [("rep", "Hi. It's Al."), ("prospect", "Yes?")]


def test_a_colon_in_a_sentence_makes_no_third_speaker() -> None:
    """What is said may hold colons: at the start of a continued line, too."""
    text = "Rep: Two things.\nNote: it's 10:30.\nso: shall we?\nProspect: Look: no. http://x\n"
    assert _said(parse_transcript(text, source="x")) == [
        ("rep", "Two things. Note: it's 10:30. so: shall we?"),
        ("prospect", "Look: no. http://x"),
    ]


def test_with_names_the_rep_is_named_on_the_command_line() -> None:
    """--rep-name takes a name in any case, or the first name of one."""
    text = "Dana Whit: Hello?\nAlex Kim: Hi, it's Alex.\nDana Whit: Which Alex?\n"
    for rep_name in ("alex kim", "ALEX"):
        transcript = parse_transcript(text, source="x", rep_name=rep_name)
        assert [turn.speaker.value for turn in transcript.turns] == ["prospect", "rep", "prospect"]
        assert (transcript.rep_name, transcript.prospect_name) == ("Alex Kim", "Dana Whit")
    assert "'Dana Whit', 'Alex Kim'" in str(_refused(text, "Sam", "x"))


def test_without_a_name_the_guess_is_said() -> None:
    """Of two names, the one who asks more is taken for the rep, and the reader says so."""
    text = "Dana: Hello.\nAlex: Hi! How are you? Is it a good time?\nDana: Who is this?\n"
    transcript = parse_transcript(text, source="x")
    assert transcript.rep_name == "Alex"
    assert transcript.notes == (
        "took 'Alex' for the rep (asks more); name another with --rep-name",
    )
    alike = parse_transcript("Dana: Hello.\nAlex: Hello.\n", source="x")
    assert alike.rep_name == "Dana"
    assert "speaks first" in alike.notes[0]


@pytest.mark.parametrize("name", ["Agent", "SALES", "Seller", "advisor", "sales_rep"])
def test_usual_names_for_a_rep_need_no_guess(name: str) -> None:
    """An export that says Agent and Customer says enough."""
    transcript = parse_transcript(f"Customer: Hi?\n{name}: Hello.\n", source="x")
    assert [turn.speaker for turn in transcript.turns] == [Speaker.PROSPECT, Speaker.REP]
    assert transcript.notes == ()
    half = parse_transcript("Customer: Hi?\nAlex: Hello.\n", source="x")
    assert half.rep_name == "Alex"
    assert "'Customer'" in half.notes[0]


def test_more_than_two_speakers_need_a_name() -> None:
    """Refused with the line of the third; with --rep-name all others are the prospect."""
    text = "Ann: Hi, is Bo there?\nBo: Me.\nCy: And me.\nAnn: Good.\n"
    error = _refused(text)
    assert error.line == 3
    assert "--rep-name" in str(error)
    transcript = parse_transcript(text, source="x", rep_name="Ann")
    assert _said(transcript)[1] == ("prospect", "Me. And me.")
    assert transcript.notes == ("took all but 'Ann' for the prospect: 'Bo', 'Cy'",)
    assert "Gatekeeper" in str(_refused("Gatekeeper: Who?\nRep: Al.\nProspect: Hi.\n"))


def test_times_before_names_are_kept() -> None:
    """'[00:12] Rep: ...' is plain text with a clock; '12:30 works' is something said."""
    text = "[00:12] Rep: When?\n(01:02:03.5) Prospect: At\n12:30 works.\n"
    transcript = parse_transcript(text, source="x")
    assert [turn.start for turn in transcript.turns] == [12, 3723.5]
    assert transcript.turns[1].text == "At 12:30 works."


# -- WebVTT and SRT ---------------------------------------------------------------------------

VTT = """\
WEBVTT - a call

NOTE made by hand
Rep: not this

STYLE
::cue { color: red }

1
00:01.000 --> 00:03.000 align:start
<v.loud Alex Kim>Hi <b>Dana</b>, fish &amp; chips?</v>

00:00:04.500 --> 00:00:06.000
<v Dana>Yes,
please.

00:07.000 --> 00:08.000
<v Dana>Now?</v> <v Alex Kim>Now.
"""


def test_webvtt_voices_are_speakers() -> None:
    """Voice tags give the speaker; other tags and notes are left out."""
    transcript = parse_transcript(VTT, source="call.vtt", rep_name="Alex")
    assert _said(transcript) == [
        ("rep", "Hi Dana, fish & chips?"),
        ("prospect", "Yes, please. Now?"),
        ("rep", "Now."),
    ]
    assert [turn.start for turn in transcript.turns] == [1, 4.5, 7]


def test_srt_is_told_by_its_content() -> None:
    """Names before a colon, a comma in the times, and no matter what the file is called."""
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\nRep: Hello?\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\nthere\n\n"
        "3\n00:01:05,250 --> 00:01:06,000\nProspect: Yes.\n"
    )
    for source in ("call.srt", "call"):
        transcript = parse_transcript(text, source=source)
        assert _said(transcript) == [("rep", "Hello? there"), ("prospect", "Yes.")]
        assert [turn.start for turn in transcript.turns] == [1, 65.25]


def test_cues_with_strange_times_or_no_words_are_refused() -> None:
    """With the line of the cue."""
    error = _refused("WEBVTT\n\n1s --> 2s\nRep: Hi\n", source="x.vtt")
    assert error.line == 3
    assert "00:01:02.500" in str(error)
    assert "no cue" in str(_refused("WEBVTT\n\nNOTE x\n", source="x.vtt"))
    assert _refused("WEBVTT\n\n00:01.0 --> 00:02.0\nhi\n", source="x.vtt").line == 4


# -- JSON -------------------------------------------------------------------------------------


def _pair(speaker: str, text: str, start: str, values: list[object]) -> list[dict[str, object]]:
    """A question and an answer under an export's own keys: two speakers, then two times."""
    rep, prospect, first, second = values
    return [
        {speaker: rep, text: "Hi?", start: first},
        {speaker: prospect, text: "Yes.", start: second},
    ]


_EXPORTS: list[object] = [
    {"turns": _pair("speaker", "text", "start", ["rep", "prospect", 1.5, 62])},
    _pair("speaker", "text", "start", ["Rep", "Prospect", "1.5", "62s"]),
    {"segments": _pair("participant", "content", "start_time", ["agent", "customer", 1.5, 62])},
    {
        "id": 7,
        "utterances": _pair(
            "Speaker",
            "Text",
            "startTime",
            [{"name": "Seller"}, {"name": "Buyer"}, "00:01.5", "00:01:02"],
        ),
    },
    {"data": {"transcript": _pair("role", "message", "start_ms", ["ae", "client", 1500, 62000])}},
]


@pytest.mark.parametrize("data", _EXPORTS)
def test_json_of_many_tools_reads_the_same(data: object) -> None:
    """Ours, a bare list, and the spellings of common exports."""
    for text in (json.dumps(data), json.dumps(data, indent=2)):
        transcript = parse_transcript(text, source="call.json")
        assert _said(transcript) == [("rep", "Hi?"), ("prospect", "Yes.")]
        assert [turn.start for turn in transcript.turns] == [1.5, 62]


def test_json_lines_and_numbered_speakers() -> None:
    """One object a line; speakers known by number only are told apart by what they ask."""
    rows = [{"speaker": 0, "text": "Hello."}, {"speaker": 1, "text": "Hi! A good time?"}]
    transcript = parse_transcript("\n".join(map(json.dumps, rows)), source="x.jsonl")
    assert transcript.rep_name == "Speaker 1"


def test_what_a_file_calls_the_two_is_kept() -> None:
    """Our own export names them beside the turns."""
    turns = [{"speaker": "rep", "text": "Hi."}, {"speaker": "prospect", "text": "Yes?"}]
    data = {"rep_name": "Alex", "prospect_name": "Dana", "turns": turns}
    transcript = parse_transcript(json.dumps(data), source="x.json")
    assert (transcript.rep_name, transcript.prospect_name) == ("Alex", "Dana")
    assert transcript.turns[0].speaker is Speaker.REP


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"turns": [\n{"speaker": "rep",\n]}', 3, "not valid JSON"),
        ('{"a": 1}\n{"b": \n', 2, "one object a line"),
        ("[]", None, "empty"),
        ('{"turns": []}', None, "empty"),
        ('{"turns": "none"}', None, "no list of turns"),
        ('{"x": {"turns": [1]}}', None, "no list of turns"),
        ("[1, 2]", None, "turn 1 should be an object"),
        ('[{"speaker": "rep"}]', None, "turn 1 has no words"),
        ('[{"text": "hi"}]', None, "does not say who speaks"),
        ('[{"speaker": "rep", "text": "a", "start": "noon"}]', None, "no time that is known"),
        ('[{"speaker": "rep", "text": "a", "start": -1}]', None, "no time that is known"),
        ('[{"speaker": "rep", "text": "a", "start": NaN}]', None, "no time that is known"),
        ('[{"speaker": "rep", "text": "a", "start": true}]', None, "no time that is known"),
        ('[{"speaker": "rep", "text": "a", "start": "2026-13-04T10:00:00Z"}]', None, "no time"),
        ("[" * 100_000, None, "nested too deeply"),
        ('[{"start": ' + "9" * 9000 + "}]", None, "number too long"),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_json_that_is_no_transcript_is_refused(text: str, line: int | None, words: str) -> None:
    """With the line where the JSON breaks, or the turn where the content does."""
    error = _refused(text, source="x.json")
    assert words in str(error)
    assert error.line == line


# -- what is refused, and what is survived ----------------------------------------------------


@pytest.mark.parametrize("text", ["", " \n\t\n", "# only a comment\n", "Rep:\nProspect:\n"])
def test_an_empty_transcript_is_refused(text: str) -> None:
    """No call, no scorecard."""
    assert "empty" in str(_refused(text))


def test_one_speaker_is_no_call() -> None:
    """A monologue is refused, also where --rep-name names it."""
    assert "only one speaker, 'Rep'" in str(_refused("Rep: Hi.\nRep: Anyone?\nProspect:\n"))
    assert "only one speaker" in str(_refused("Alex: Hi.\n", "Alex"))


def test_words_of_nobody_are_refused_at_their_line() -> None:
    """Text before the first speaker, or without any, is not guessed at."""
    assert _refused("# x\n\nhello there\nRep: Hi.\nProspect: Yes.\n").line == 3
    assert _refused("just some prose\nand more of it\n").line == 1


def test_files_that_are_no_text_are_refused(write: Write, tmp_path: Path) -> None:
    """Binary, other encodings, folders, missing and huge files, each with its reason."""
    for path, line, words in (
        (write("a.txt", b"Rep: Hi\nProspect: caf\xe9\n"), 2, "UTF-8"),
        (write("b.txt", b"Rep: Hi\n\x00\x01"), 2, "not text"),
        (write("c.txt", PLAIN.encode("utf-16")), None, "UTF-16"),
        (write("d.txt", b"Rep: Hi\n" * 700_000), None, "larger than 5 MB"),
        (tmp_path, None, "folder"),
        (tmp_path / "gone.txt", None, "no such file"),
        (Path("/dev/zero"), None, "larger than 5 MB"),
        (Path("a\0b"), None, "can't be read"),
    ):
        with pytest.raises(UnreadableInput) as error:
            read_transcript(path)
        assert words in str(error.value)
        assert error.value.line == line
        assert "\0" not in str(error.value)


def test_terminal_escapes_in_names_and_words_are_gone() -> None:
    """Nothing in a transcript can drive the terminal it is shown on."""
    text = "\x1b[31mRep\x1b[0m: Hi \x1b]0;owned\x07there \u202eyou\nPros\x07pect: [bold]No[/]\n"
    transcript = parse_transcript(text, source="x\x1b[2J")
    assert _said(transcript) == [("rep", "Hi there you"), ("prospect", "[bold]No[/]")]
    assert transcript.source == "x"


@pytest.mark.parametrize(
    "filler",
    ["x", "a ", "Rep: ", "<", "<v ", "&", "\x90", "\x1b]", "\x1b[0", "?", ":", "[00:", "é"],
)
@pytest.mark.parametrize("shape", ["line", "turns", "cue", "json"])
def test_a_line_of_a_million_characters_is_cut_in_good_time(filler: str, shape: str) -> None:
    """Whatever it is made of, and in every format: quick, cut to a turn's length, and noted."""
    big = (filler * (1_000_000 // len(filler)))[:1_000_000] + "\x1b end"
    cue = "00:0{}.0 --> 00:0{}.5\n"
    text = {
        "line": f"Rep: so {big}\nProspect: No.\n",
        "turns": "".join(
            f"Rep: so {big[n : n + 5000]}\nProspect: No.\n" for n in range(0, 10**6, 5000)
        ),
        "cue": f"WEBVTT\n\n{cue.format(1, 1)}Rep: so {big}\n\n{cue.format(2, 2)}Prospect: No.\n",
        "json": json.dumps(
            [{"speaker": "rep", "text": f"so {big}"}, {"speaker": "prospect", "text": "No."}],
            ensure_ascii=False,
        ),
    }[shape]
    began = time.process_time()
    transcript = parse_transcript(text, source="x")
    assert time.process_time() - began < 20
    assert all(len(turn.text) <= MAX_TURN_CHARACTERS for turn in transcript.turns)
    if filler == "x" and shape != "turns":
        assert transcript.notes == ("turn 1 is longer than 4000 characters and was cut there",)


def test_very_many_lines_are_read_in_good_time() -> None:
    """Very many continued lines and ten thousand names are read or refused."""
    began = time.process_time()
    parse_transcript("Rep: a\n" + "b\n" * 200_000 + "Prospect: c\n", source="x")
    names = "".join(f"Name {n}: hi\n" for n in range(10_000))
    assert "10000 speakers" in str(_refused(names))
    assert time.process_time() - began < 60


_LINES = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "Rep: ", "Prospect:", "Alex: ", "Dana: ", "# ", "WEBVTT", "<v A>", "1",
                         "00:01.0 --> 00:02.0", "[00:01] Rep: ", "note: "]),
        st.text(max_size=12),
        st.sampled_from(["\n", "\r\n", "\n\n", ""]),
    ),
    max_size=12,
).map("".join)  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["turns", "speaker", "text", "start", "name", "role", "content"]), inner
        )
    ),
    max_leaves=20,
).map(json.dumps)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text() | _LINES | _JSON, st.none() | st.sampled_from(["Alex", "rep", "", "x" * 200]))
@example("Rep: a\nProspect: \x9b31mb\x90\n", None)
@example('[{"speaker": "\x1b", "text": "a"}, {"speaker": "b", "text": "\\ud800"}]', None)
def test_any_text_is_a_transcript_or_a_clear_refusal(text: str, rep_name: str | None) -> None:
    """Nothing raises but our own errors; what comes out is clean, alternates, has two sides."""
    try:
        transcript = parse_transcript(text, source="any.txt", rep_name=rep_name)
    except TrainerError as error:
        words, speakers = [str(error)], []
    else:
        words = [turn.text for turn in transcript.turns] + list(transcript.notes)
        words += [transcript.rep_name or "", transcript.prospect_name or ""]
        speakers = [turn.speaker for turn in transcript.turns]
        assert set(speakers) == set(Speaker)
        assert all(turn.text for turn in transcript.turns)
    assert all(one is not two for one, two in itertools.pairwise(speakers))
    bad = {"Cc", "Cf", "Cs", "Co", "Cn"}
    for word in words:
        assert not any(unicodedata.category(c) in bad and c != "\u200d" for c in word)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20), min_size=2))
def test_what_was_said_comes_back_in_every_format(said: list[str]) -> None:
    """The same call written five ways is the same transcript."""
    turns = [("Rep" if n % 2 == 0 else "Prospect", f"w{text}") for n, text in enumerate(said)]
    plain = "".join(f"{who}: {text}\n" for who, text in turns)
    cue = "00:00:{:02}.000 --> 00:00:59.000\n"
    stamp = [cue.format(n % 60) for n in range(len(turns))]
    vtt = "WEBVTT\n\n" + "".join(
        f"{at}<v {who}>{text}</v>\n\n" for at, (who, text) in zip(stamp, turns, strict=True)
    )
    srt = "".join(
        f"{n}\n{at}{who}: {text}\n\n"
        for n, (at, (who, text)) in enumerate(zip(stamp, turns, strict=True), start=1)
    )
    ours = json.dumps({"turns": [{"speaker": who.lower(), "text": text} for who, text in turns]})
    wanted = [(who.lower(), text) for who, text in turns]
    for text in (plain, vtt, srt, ours):
        assert _said(parse_transcript(text, source="x")) == wanted
