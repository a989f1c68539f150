"""A call as plain lines: for screen readers, pipes, and terminals without an app.

What the prospect and the scorecard say goes to standard output; everything about the call (who
it is, what loads, hints) goes to standard error, so that a pipe carries the conversation alone.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

from trainer.calls.call import Call
from trainer.calls.events import Ended, Event, Spoke
from trainer.calls.loading import Loaded
from trainer.grading.scorecard import Scorecard
from trainer.library import Rubric, Scenario
from trainer.pathway import Mode
from trainer.plaintext import clean
from trainer.reports.text import as_text

_HELP = "Say something and press Enter. /hint, /sheet, /end (or end of input) do what they say."


def practise(call: Call, loaded: Loaded) -> Scorecard:
    """Hold the call on standard input and output, to its end and scorecard.

    Ctrl+C leaves the call in the log, to be resumed.
    """
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a stray byte is no reason to lose a call
    scenario = call.scenario
    if not call.state.turns:
        _aside(briefing(scenario, call.rubric))
    _aside(_HELP)
    for turn in call.state.turns:
        _say(f"{_name(scenario, turn.speaker.value)}: {turn.text}")
    _follow(call, call.begin())
    while call.state.ended is None:
        heard = _listen()
        if heard is None or heard == "/end":
            for _ in call.end():
                pass
        elif heard == "/hint" and call.state.opened and call.state.opened.mode is Mode.GUIDED:
            _aside(call.hint())
        elif heard == "/hint":
            _aside("Hints are for guided calls.")
        elif heard == "/sheet":
            _aside(sheet(scenario))
        elif heard.startswith("/"):
            _aside(_HELP)
        elif heard:
            _follow(call, call.say(heard))
    ended = call.state.ended
    _aside(f"-- The call is over. {ended.outcome.meaning}")
    card = loaded.grader.grade(call.state.transcript(), call.rubric, scenario)
    call.grade(card)
    _say("")
    _say(as_text(card, details=True).rstrip())
    _aside(
        f"-- {call.state.fallbacks} of {len(call.state.sources)} of the prospect's lines were "
        "authored ones; the model worded the rest."
    )
    return card


def briefing(scenario: Scenario, rubric: Rubric) -> str:
    """What a rep reads before picking up the phone."""
    who, lead = scenario.prospect, scenario.lead
    about = ", ".join(part for part in (who.name, who.role, who.company, who.city) if part)
    lines = [scenario.title, f"You are calling {about}.", f"The lead {lead.source.meaning}."]
    lines += [f"They saw: “{lead.saw}”"] if lead.saw else []
    lines += [f"They wrote: “{lead.wrote}”"] if lead.wrote else []
    lines += ["", sheet(scenario), "", f"How you will be judged ({rubric.title}):"]
    lines += [f"  - {check.asks}" for check in rubric.checks]
    return "\n".join(lines) + "\n"


def sheet(scenario: Scenario) -> str:
    """The rep's product sheet."""
    you = scenario.you
    lines = [f"You are {you.company}: {you.sells}. Price: {you.price}."]
    for title, items in (
        ("It does", you.does),
        ("Proof", you.proof),
        ("It takes", you.takes),
        ("Not for", you.not_for),
    ):
        lines += [f"{title}: {item}" for item in items]
    lines.append(f"A yes here means {scenario.yes_means}.")
    return "\n".join(lines)


def _follow(call: Call, events: Iterator[Event]) -> None:
    opened = call.state.opened
    for event in events:
        if isinstance(event, Spoke):
            _say(f"{call.scenario.prospect.first_name}: {event.text}")
            if event.failure and not any(spoke.failure for spoke in call.state.sources[:-1]):
                _aside(f"-- Written lines stand in for the model's: {clean(event.failure)}")
            if opened and opened.mode is Mode.STANDARD:
                _aside(f"   ({call.state.mood.value})")
            elif opened and opened.mode is Mode.GUIDED:
                _aside(f"   ({_ladder(call)})")
        elif isinstance(event, Ended):
            break


def _ladder(call: Call) -> str:
    standing = call.state.standing
    levels = ", ".join(f"{stage.value} {level:.0%}" for stage, level in standing.levels.items())
    return (
        f"{standing.mood.value}; {levels}; patience {standing.patience:.0%}; "
        f"they come {standing.lean:.0%} of the way"
    )


def _name(scenario: Scenario, speaker: str) -> str:
    return "You" if speaker == "rep" else scenario.prospect.first_name


def _listen() -> str | None:
    if sys.stdin.isatty():
        sys.stderr.write("> ")
        sys.stderr.flush()
    line = sys.stdin.readline()
    return clean(line) if line else None


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _aside(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
