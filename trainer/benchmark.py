"""What ``trainer bench`` measures: the waits a rep feels, on this machine, with the real models."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from trainer.calls.call import Call
from trainer.calls.events import Spoke
from trainer.calls.loading import EngineChoice, Loaded, load
from trainer.calls.store import Store
from trainer.engines.base import Message, Prompt, Sampling
from trainer.library.shelf import Shelf
from trainer.pathway import Act, Mode, Speaker
from trainer.prospect.standing import Direction, Mood
from trainer.prospect.voice import Voice
from trainer.transcripts import Transcript, Turn
from trainer.yardstick import beside

REVEAL_SECONDS_A_WORD = 0.025
"""How fast the app puts the words of a ready reply on the screen."""

_SAID = (
    "Hi, you wrote that three payroll runs went wrong. Is now an all right time to talk about it?",
    "What happened on the worst of the three?",
    "So people found out on a Friday night that the check wasn't there. That's rough on a crew.",
    "Who had to explain it to them?",
    "How many hours does somebody spend typing the logs in again?",
    "It takes two weeks to run side by side, and the first of them is the messy one.",
    "Another freight outfit about your size has run it since last fall, and their controller "
    "takes calls about it.",
    "Because you said nobody checks before Friday, the run is looked at by noon on Wednesday.",
    "How does that sit with you?",
    "What would your Fridays look like if that was off the table?",
)
"""What the measured rep says: the lengths and kinds of turns of a usual call."""

_STARTS = 5
_TRANSCRIPTS = 20


def measure(replies: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure this machine. ``replies``: how many prospect turns to time.

    Times are seconds, memory is megabytes (10^6 bytes). The yardstick, a matrix product that has
    nothing to do with this program, lets runs on different days be compared.

    Raises ``ModelUnavailable`` where the default models are missing.
    """
    tell("start-up")
    starts = [_timed(lambda: _run("--help")) for _ in range(_STARTS)]
    tell("loading the models")
    began = time.perf_counter()
    loaded = load(EngineChoice())
    loading = time.perf_counter() - began
    tell(f"{replies} replies of the prospect")
    spoken = _converse(loaded, replies)
    waits = [one.seconds for one in spoken]
    whole = [one.seconds + REVEAL_SECONDS_A_WORD * len(one.text.split()) for one in spoken]
    tell("decoding speed")
    tokens = _tokens_a_second(loaded)
    tell("the same beside llama.cpp")
    llama = beside(loaded.engine, _prompts(loaded))
    tell("grading")
    graded = _grade(loaded)
    return {
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": platform.platform(terse=True),
            "python": platform.python_version(),
        },
        "yardstick_gflops": round(_yardstick(), 1),
        "engine": loaded.engine.name,
        "computed_by": getattr(loaded.engine, "how", ""),
        "help_s": _spread(starts),
        "load_s": round(loading, 2),
        "first_word_s": _spread(waits),
        "whole_reply_s": _spread(whole),
        "replies": len(spoken),
        "authored_replies": sum(one.source == "authored" for one in spoken),
        "tokens_a_second": round(tokens, 1),
        "beside_llama_cpp": llama,
        "grade_40_turns_s": _spread(graded),
        "rep_turns_graded_a_second": round(20 / statistics.median(graded), 1),
        "peak_memory_mb": round(_peak_memory() / 1e6),
    }


def as_text(figures: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    machine = figures["machine"]
    first, whole, grade = (
        figures[key] for key in ("first_word_s", "whole_reply_s", "grade_40_turns_s")
    )
    return "\n".join(
        [
            f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}",
            f"yardstick            {figures['yardstick_gflops']} GFLOP/s (512x512 matrix product)",
            *([f"voice                {figures['computed_by']}"] if figures["computed_by"] else []),
            f"trainer --help       {figures['help_s']['median']:.2f} s",
            f"models loaded        {figures['load_s']:.1f} s",
            f"first word           {first['median']:.2f} s median, {first['p95']:.2f} s at 95 %",
            f"whole reply          {whole['median']:.2f} s median, {whole['p95']:.2f} s at 95 %",
            f"authored replies     {figures['authored_replies']} of {figures['replies']}",
            f"decoding             {figures['tokens_a_second']:.0f} tokens a second",
            *_compared(figures["beside_llama_cpp"]),
            f"40 turns graded      {grade['median']:.2f} s",
            f"peak memory          {figures['peak_memory_mb']} MB",
        ]
    )


def _compared(llama: dict[str, Any]) -> list[str]:
    if "left_out" in llama:
        return [f"beside llama.cpp     left out: {llama['left_out']}"]
    speed, wait = llama["tokens_a_second"], llama["first_token_s"]
    return [
        f"beside llama.cpp     {speed['ratio']:.2f} times its speed ({speed['ours']:.0f} and "
        f"{speed['llama_cpp']:.0f} tokens a second),",
        f"                     first token of a later turn in {wait['ratio']:.2f} of its time "
        f"({wait['ours']:.2f} and {wait['llama_cpp']:.2f} s)",
    ]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _run(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "trainer", *arguments], check=True, stdout=subprocess.DEVNULL
    )


def _converse(loaded: Loaded, replies: int) -> list[Spoke]:
    """Calls held until enough replies are heard. The first words, prepared while the briefing is
    read, don't count: nobody waits for them after pressing Enter."""
    shelf, spoken, seed = Shelf.load(), list[Spoke](), 0
    while len(spoken) < replies:
        call = Call.open(
            shelf.cast("payroll-errors"),
            mode=Mode.EXAM,
            seed=seed,
            store=Store(Path(":memory:")),
            listener=loaded.listener,
            engine=loaded.engine,
        )
        call.prefill()
        for _ in call.begin():
            pass
        for said in _SAID:
            if call.state.ended is not None or len(spoken) >= replies:
                break
            spoken += [event for event in call.say(said) if isinstance(event, Spoke)]
        seed += 1
    return spoken


def _prompts(loaded: Loaded) -> list[Prompt]:
    """What the voice is asked in a call, turn by turn."""
    casting = Shelf.load().cast("payroll-errors")
    voice = Voice(loaded.engine, casting.persona, casting.scenario)
    facts = [fact.say for fact in casting.scenario.facts]
    return [
        voice.prompt(
            Direction(Act.ANSWER, Mood.NEUTRAL, facts[number % len(facts)], "fact"),
            [Turn(Speaker.REP, said)],
            "Well, {fact}.",
        )
        for number, said in enumerate(_SAID)
    ]


def _tokens_a_second(loaded: Loaded) -> float:
    prompt = Prompt([Message("user", "Tell me about your week, at length.")])
    rates = []
    for seed in range(3):
        sampling = Sampling(max_tokens=64, stop=(), seed=seed)
        began, pieces = 0.0, 0
        for _ in loaded.engine.stream(prompt, sampling):
            pieces += 1
            began = began or time.perf_counter()  # from the first piece on: decoding alone
        if pieces > 1:
            rates.append((pieces - 1) / (time.perf_counter() - began))
    return statistics.median(rates) if rates else 0.0


def _grade(loaded: Loaded) -> list[float]:
    rubric = Shelf.load().rubric("authentic-persuasion")
    times = []
    for number in range(_TRANSCRIPTS):
        turns = [
            Turn(Speaker.REP if i % 2 else Speaker.PROSPECT, f"{_SAID[i % len(_SAID)]} {number}")
            for i in range(40)
        ]
        times.append(_timed(lambda t=turns: loaded.grader.grade(Transcript(tuple(t)), rubric)))  # type: ignore[misc]
    return times


def _yardstick() -> float:
    import torch

    a = torch.rand(512, 512)
    times = [_timed(lambda: a @ a) for _ in range(30)]
    return 2 * 512**3 / statistics.median(times) / 1e9


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    at_95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {"median": round(statistics.median(ordered), 3), "p95": round(at_95, 3)}


def _peak_memory() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
