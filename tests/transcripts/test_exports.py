"""JSON as call recorders, speech recognisers and chat tools write it, each under spellings of its
own: the same short call, read as the same call."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.errors import UnreadableInput
from trainer.pathway import Speaker
from trainer.transcripts import Transcript, parse_transcript

SAID = [
    ("0", 1.5, "Hi Dana, is now good?"),
    ("1", 4.0, "I have five minutes."),
    ("0", 6.25, "What happened?"),
]
"""Who, when in seconds, and the words, with the marks that some exports keep apart."""


def _tokens(text: str) -> list[str]:
    """Words and marks apart: ``Dana`` ``,``."""
    return text.replace(",", " ,").replace(".", " .").replace("?", " ?").split()


def _is_mark(token: str) -> bool:
    return not token.isalnum()


def _words(place: int, **keys: str) -> list[dict[str, Any]]:
    """The words of one turn, a tenth of a second apart."""
    who, start, text = SAID[place]
    return [
        {keys["word"]: word, keys["start"]: start + n / 10, keys["speaker"]: int(who)}
        for n, word in enumerate(text.split())
    ]


def _iso(seconds: float) -> str:
    return f"2026-01-04T10:00:{seconds:06.3f}Z"


_BLOCKS = [
    {"speakerId": f"63218040{who}", "topic": None, "sentences": [
        {"start": int(at * 1000) + 90_000, "end": int(at * 1000) + 90_900, "text": text}]}
    for who, at, text in SAID
]  # fmt: skip

EXPORTS: dict[str, Any] = {
    "recorder with sentences in monologues": {
        "requestId": "4al018gzaztcr8nbukw",
        "callTranscripts": [{"callId": "7782342274025", "transcript": _BLOCKS}],
    },
    "recorder with utterances of named people": {
        "recording": {"id": "R1", "utterances": [
            {"id": n, "speaker_name": f"Person {who}",
             "speaker_type": "rep" if who == "0" else "cust", "snippet": text, "snippet_time": at}
            for n, (who, at, text) in enumerate(SAID)]},
    },
    "recorder with participants and words of their own": [
        {"participant": {"id": int(who), "name": f"Person {who}", "is_host": who == "0"},
         "language": "en", "words": [
            {"text": word, "start_timestamp": {"relative": at + n, "absolute": _iso(at + n)},
             "end_timestamp": {"relative": at + n + 1}} for n, word in enumerate(text.split())]}
        for who, at, text in SAID
    ],
    "telephone system": {"transcription": {"id": 1, "content": {"language": "en-US", "utterances": [
        {"start_time": at, "end_time": at + 1, "text": text,
         "participant_type": "internal" if who == "0" else "external", "user_id": 123}
        for who, at, text in SAID]}}},
    "crm with milliseconds": {"transcriptUtterances": [
        {"id": n, "speaker": {"id": who, "name": f"Person {who}", "email": None}, "text": text,
         "startTimeMillis": int(at * 1000), "endTimeMillis": int(at * 1000) + 500,
         "languageCode": "en"} for n, (who, at, text) in enumerate(SAID)]},
    "contact centre analytics": {"ContentMetadata": {}, "Participants": [
        {"ParticipantRole": "AGENT", "ParticipantId": "AGENT"},
        {"ParticipantRole": "CUSTOMER", "ParticipantId": "CUSTOMER"}], "Transcript": [
        {"Id": str(n), "ParticipantId": "AGENT" if who == "0" else "CUSTOMER", "Content": text,
         "BeginOffsetMillis": int(at * 1000), "EndOffsetMillis": int(at * 1000) + 900,
         "Sentiment": "NEUTRAL"} for n, (who, at, text) in enumerate(SAID)]},
    "recogniser with monologues of elements": {"monologues": [
        {"speaker": int(who), "elements": [
            {"type": "punct" if _is_mark(token) else "text",
             "value": token if _is_mark(token) or n == 0 else f" {token}",
             **({} if _is_mark(token) else {"ts": at + n / 10, "end_ts": at + n / 10 + 0.1})}
            for n, token in enumerate(_tokens(text))]} for who, at, text in SAID]},
    "recogniser with utterances, milliseconds and words": {
        "id": "a", "status": "completed", "text": " ".join(text for _, _, text in SAID),
        "words": [{"text": "Hi", "start": 91500, "end": 91600, "speaker": "A"}],
        "utterances": [
            {"speaker": "AB"[int(who)], "text": text, "confidence": 0.9,
             "start": int(at * 1000) + 90_000, "end": int(at * 1000) + 90_900,
             "words": [{"text": text.split()[0], "start": 1, "end": 2, "speaker": "AB"[int(who)]}]}
            for who, at, text in SAID],
    },
    "recogniser with results and utterances": {
        "metadata": {"channels": 1},
        "results": {"channels": [{"alternatives": [{"transcript": "hi dana is now good"}]}],
                    "utterances": [{"start": at, "end": at + 1, "channel": 0, "speaker": int(who),
                                    "transcript": text, "id": str(n)}
                                   for n, (who, at, text) in enumerate(SAID)]},
    },
    "recogniser with words in one channel": {"results": {"channels": [{"alternatives": [{
        "transcript": " ".join(text for _, _, text in SAID), "confidence": 0.9,
        "words": [
            {**one, "word": one["punctuated_word"].strip(",.?").lower()} for place in range(3)
            for one in _words(place, word="punctuated_word", start="start", speaker="speaker")],
    }]}]}},
    "recogniser with a channel for each speaker": {"results": {"channels": [
        {"alternatives": [{"transcript": "x", "words": [
            {key: one[key] for key in ("punctuated_word", "start")} for place, (who, _, _) in
            enumerate(SAID) if int(who) == channel
            for one in _words(place, word="punctuated_word", start="start", speaker="speaker")]}]}
        for channel in (0, 1)]}},
    "cloud recogniser with items": {"jobName": "j", "results": {
        "transcripts": [{"transcript": " ".join(text for _, _, text in SAID)}],
        "speaker_labels": {"speakers": 2, "segments": [
            {"start_time": str(at), "speaker_label": f"spk_{who}", "items": []}
            for who, at, _ in SAID]},
        "items": [
            {"type": "punctuation" if _is_mark(token) else "pronunciation",
             "speaker_label": f"spk_{who}",
             "alternatives": [{"confidence": "0.9", "content": token}],
             **({} if _is_mark(token) else {"start_time": str(at + n / 10)})}
            for who, at, text in SAID for n, token in enumerate(_tokens(text))],
    }},
    "cloud recogniser with audio segments": {"results": {
        "transcripts": [{"transcript": "x"}], "items": [{"type": "pronunciation"}],
        "audio_segments": [{"id": n, "transcript": text, "start_time": str(at),
                            "speaker_label": f"spk_{who}", "items": [n]}
                           for n, (who, at, text) in enumerate(SAID)]}},
    "cloud recogniser with speaker tags in the last result": {"results": [
        {"alternatives": [{"transcript": text, "confidence": 0.9, "words": [
            {"word": word, "startTime": f"{at}s"} for word in text.split()]}],
         "resultEndTime": f"{at}s", "languageCode": "en-us"} for _, at, text in SAID
    ] + [{"alternatives": [{"words": [
        {"word": one["word"], "startTime": f"{one['startTime']}s", "speakerTag": one["t"] + 1}
        for place in range(3) for one in _words(place, word="word", start="startTime", speaker="t")
    ]}]}]},
    "cloud recogniser with phrases": {"recognizedPhrases": [
        {"recognitionStatus": "Success", "channel": 0, "speaker": int(who) + 1,
         "offset": f"PT{at}S", "duration": "PT1.5S", "offsetInTicks": at * 1e7,
         "nBest": [{"confidence": 0.9, "lexical": text.lower(), "display": text},
                   {"confidence": 0.1, "display": "Something else."}]} for who, at, text in SAID]},
    "recogniser with typed results": {"format": "2.9", "results": [
        {"type": "punctuation" if _is_mark(token) else "word", "start_time": at + n / 10,
         "attaches_to": "previous" if _is_mark(token) else None,
         "alternatives": [{"content": token, "confidence": 1.0, "speaker": f"S{int(who) + 1}"}]}
        for who, at, text in SAID for n, token in enumerate(_tokens(text))]},
    "recogniser with words and spacing": {"language_code": "eng", "text": "x", "words": [
        {"text": piece, "type": "spacing" if piece == " " else "word", "start": at + n / 10,
         "end": at + n / 10, "speaker_id": f"speaker_{who}"}
        for who, at, text in SAID for n, word in enumerate(text.split()) for piece in (word, " ")]},
    "open recogniser with speakers": {"segments": [
        {"start": at, "end": at + 1, "text": f" {text}", "speaker": f"SPEAKER_0{who}",
         "words": [{"word": word, "start": at, "score": 0.9, "speaker": f"SPEAKER_0{who}"}
                   for word in text.split()]} for who, at, text in SAID],
        "word_segments": [{"word": "Hi", "start": 1.5, "speaker": "SPEAKER_00"}], "language": "en"},
    "meeting with a timeline": {"type": "zoom_transcript", "timeline": [
        {"text": text, "ts": f"00:00:{at:06.3f}", "end_ts": "00:00:09.000",
         "users": [{"username": f"Person {who}", "user_id": who}]} for who, at, text in SAID]},
    "answer of a query for sentences": {"data": {"transcript": {"title": "Call", "sentences": [
        {"index": n, "speaker_name": f"Person {who}", "speaker_id": int(who), "text": text,
         "raw_text": text.lower(), "start_time": at, "end_time": at + 1}
        for n, (who, at, text) in enumerate(SAID)]}}},
    "telephone sentences by channel": {"sentences": [
        {"media_channel": int(who) + 1, "sentence_index": n, "transcript": text,
         "start_time": at, "end_time": at + 1, "confidence": "0.9"}
        for n, (who, at, text) in enumerate(SAID)]},
    "conversation intelligence with dates": {"messages": [
        {"id": str(n), "text": text, "from": {"id": who, "name": f"Person {who}"},
         "startTime": _iso(at), "endTime": _iso(at + 1)}
        for n, (who, at, text) in enumerate(SAID)]},
    "team chat, newest first": [
        {"type": "message", "user": f"U0{who}", "text": text, "ts": f"{1704362400 + at:.6f}"}
        for who, at, text in reversed(SAID)],
    "service chat with entries": {"conversation": {"entries": [
        {"messageText": text, "clientTimestamp": 1704362400000 + int(at * 1000),
         "identifier": str(n),
         "sender": {"role": "Agent" if who == "0" else "EndUser", "appType": "chat"}}
        for n, (who, at, text) in enumerate(SAID)]}},
    "support chat with events and users": {"users": [
        {"id": "u0", "name": "Person 0", "type": "agent"},
        {"id": "u1", "name": "Person 1", "type": "customer"}], "events": [
        {"type": "system_message", "created_at": _iso(0.5)},
        *({"type": "message", "text": text, "author_id": f"u{who}", "created_at": _iso(at)}
          for who, at, text in SAID)]},
    "chat with a model, in parts": {"messages": [
        {"role": "user" if who == "0" else "assistant",
         "content": [{"type": "text", "text": text}]} for who, _, text in SAID]},
}  # fmt: skip


def read(data: object, **options: Any) -> Transcript:
    return parse_transcript(json.dumps(data), source="export.json", **options)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_the_call_that_was_held(name: str) -> None:
    transcript = read(EXPORTS[name])
    turns = [(turn.speaker, turn.text) for turn in transcript.turns]
    assert turns == [
        (Speaker.PROSPECT if who == "1" else Speaker.REP, text) for who, _, text in SAID
    ]
    starts = [turn.start for turn in transcript.turns]
    known = [start for start in starts if start is not None]
    if known:
        steps = [round(start - known[0], 2) for start in known]
        assert steps == [round(at - SAID[0][1], 2) for _, at, _ in SAID]


def test_roles_beside_names_settle_who_the_rep_is_and_either_may_name_them() -> None:
    turns = [
        {"speaker_name": "Dana", "speaker_type": "customer", "text": "Who is this? Why? When?"},
        {"speaker_name": "Alex", "speaker_type": "agent", "text": "Alex, of Evenpay."},
    ]
    assert [turn.speaker.value for turn in read(turns).turns] == ["prospect", "rep"]
    assert read(turns).notes == ()
    assert read(turns, rep_name="Alex").rep_name == "Alex"
    assert read(turns, rep_name="dana").turns[0].speaker is Speaker.REP


def test_people_listed_beside_the_turns_lend_their_names() -> None:
    data = {
        "parties": [
            {"speakerId": "77", "name": "Alex Kim", "affiliation": "Internal"},
            {"speakerId": "78", "name": "Dana Whit", "affiliation": "External"},
        ],
        "transcript": [
            {"speakerId": "78", "sentences": [{"text": "Who is this?"}, {"text": "Why?"}]},
            {"speakerId": "77", "sentences": [{"text": "Alex."}]},
        ],
    }
    assert [turn.speaker.value for turn in read(data).turns] == ["prospect", "rep"]
    assert read(data).turns[0].text == "Who is this? Why?"
    assert read(data, rep_name="Dana").rep_name == "Dana Whit"


def test_a_key_that_names_everybody_alike_is_passed_over_for_one_that_tells_them_apart() -> None:
    turns = [
        {"speaker": 0, "channel": 0, "text": "Hi, a good time?"},
        {"speaker": 0, "channel": 1, "text": "Yes."},
    ]
    assert read(turns).rep_name == "Speaker 0"
    assert len(read(turns).turns) == 2


def test_what_is_passed_over_or_put_right_is_said() -> None:
    turns = [
        {"speaker": "rep", "text": "Hi?", "start": 9},
        {"type": "joined", "speaker": "prospect"},
        {"speaker": "prospect", "text": "Yes.", "start": 3, "timestamp": "Sunday"},
        {"text": "Go on.", "start": 4},
    ]
    transcript = read(turns)
    assert [(turn.speaker.value, turn.text) for turn in transcript.turns] == [
        ("prospect", "Yes. Go on."), ("rep", "Hi?"),
    ]  # fmt: skip
    assert transcript.notes == (
        "passed over turn 2: no words there",
        "put what was said in the order of its times",
        "turn 4 does not say who speaks: taken for whoever spoke before",
    )
    undated = [{"role": who, "text": "Hm.", "timestamp": "10:03 AM"} for who in ("rep", "client")]
    assert read(undated).notes == (
        "left out the time of turn 1 and 1 more: its form is not known here",
    )


def test_a_clock_that_passes_midnight_changes_no_order() -> None:
    turns = [
        {"speaker": "rep", "text": "Hi?", "time": "23:59:58"},
        {"speaker": "prospect", "text": "Yes.", "time": "00:00:03"},
    ]
    assert read(turns).turns[0].text == "Hi?"


@pytest.mark.parametrize(
    "data",
    [
        ["Rep: Hi?", "", "Prospect: Yes."],
        {"call": {"transcript": "Rep: Hi?\nProspect: Yes."}},
        [["rep", "Hi?"], ["prospect", "Yes."]],
        [{"turns": [{"speaker": "rep", "text": "Hi?"}, {"speaker": "client", "text": "Yes."}]}],
    ],
)
def test_lines_and_pairs_are_read_too(data: object) -> None:
    assert [(turn.speaker.value, turn.text) for turn in read(data).turns] == [
        ("rep", "Hi?"), ("prospect", "Yes."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"segments": [{"text": "Hi?", "start": 1}, {"text": "Yes.", "start": 2}]},
         "turn 1 does not say who speaks, nor does any other; export it with its speakers told "
         "apart, or give it a key 'speaker' (it has: text, start)"),
        ([{"text": "Hi?"}, {"speaker": "rep", "text": "Yes."}],
         "turn 1 does not say who speaks, give it"),
        ([{"turns": [{"speaker": "rep"}]}, {"turns": []}], "holds 2 calls; give each a file"),
        ([{"type": ["x"], "speaker": {}}, [1, 2]], "turn 1 has no words"),
        ([[1, 2]], "turn 1 has no words; give it a key 'text' (it has: nothing)"),
        ({"results": {"channels": [1]}}, "turn 1 should be an object"),
        ({"results": {"channels": [{"alternatives": [{"transcript": "Hi?"}]}]}},
         "only one speaker, 'Speaker 0'"),
        ([{"speaker": "a", "text": "b", "start": {"relative": {"relative": 1}}}], "no time"),
    ],
)  # fmt: skip
def test_a_refusal_names_its_reason(data: object, reason: str) -> None:
    with pytest.raises(UnreadableInput) as refused:
        read(data)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        (90, 1.0), ("1:30", 1.0), ("PT1M30S", 1.0), ("PT90S", 1.0), ("90.0s", 1.0),
        ({"seconds": "90"}, 1.0), ("2026-01-04T10:01:30Z", 1.0), ("2026-01-04 10:01:30", 1.0),
        ("2026-01-04T11:01:30+01:00", 1.0), (1767520890, 1.0), (1767520890000, 0.001),
    ],
)  # fmt: skip
def test_times_in_many_forms_are_seconds_from_the_beginning(stamp: Any, seconds: float) -> None:
    """Beside a turn one second (or, for the last, millisecond) later in the same form."""
    later = {90: 91, "1:30": "1:31", "PT1M30S": "PT1M31S", "PT90S": "PT91S", "90.0s": "91.0s"}
    value = stamp if isinstance(stamp, (int, str)) else "dict"
    following = later.get(value)
    if following is None and isinstance(stamp, dict):
        following = {"seconds": "91"}
    elif following is None:
        following = stamp + 1 if isinstance(stamp, int) else stamp.replace(":30", ":31", 1)
    turns = [
        {"speaker": "rep", "text": "Hi?", "start": stamp},
        {"speaker": "prospect", "text": "Yes.", "start": following},
    ]
    first, second = (turn.start for turn in read(turns).turns)
    assert first is not None
    assert second is not None
    assert second - first == pytest.approx(seconds)
    assert first in (0.0, 90.0)


_WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([
                "results", "channels", "alternatives", "words", "word", "type", "speaker",
                "speakerTag", "text", "start", "ts", "participants", "id", "name", "items",
                "transcript", "content",
            ]), inner, max_size=5)
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(_WILD)
def test_whatever_is_in_it_it_is_read_or_refused(data: object) -> None:
    try:
        transcript = read(data)
    except UnreadableInput:
        return
    assert {turn.speaker for turn in transcript.turns} == set(Speaker)


def test_an_hour_of_single_words_is_read_in_good_time() -> None:
    words = [
        {"text": "word", "start": n / 3, "type": "word", "speaker_id": f"speaker_{n // 9 % 2}"}
        for n in range(30_000)
    ]
    began = time.process_time()
    transcript = read({"words": words})
    assert time.process_time() - began < 20
    assert len(transcript.turns) == 30_000 // 9 + 1
