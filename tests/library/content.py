"""A persona, a scenario and a rubric that are right, for tests to break."""

from __future__ import annotations

from pathlib import Path

from trainer.pathway import Act, Stage

PERSONA = """\
id: careful
title: Careful
summary: Wants it slow and sourced.
talks: [short sentences]
weighs:
  proof: 3
needs: {rapport: 0.3, empathy: 0.5, trust: 0.8, hope: 0.5, urgency: 0.4}
patience: medium
lines:
""" + "".join(f"  {act.value}: ['Well, {{fact}}.']\n" for act in Act)

SCENARIO = """\
id: leaky-roof
title: A leaky roof
persona: careful
rubric: plain
prospect: {name: Mira Holt, role: caretaker, company: Old Mill, city: Duluth}
lead:
  source: web_form
  wrote: The roof leaks again.
you: {company: Drybeam, sells: roofs, price: "9 dollars a foot"}
facts:
  - {id: buckets, depth: surface, say: we put buckets out when it rains}
  - {id: ashamed, depth: deep, say: I lie to the tenants about it}
dates:
  - {on: 2027-03-01, why: the thaw begins}
objections:
  - {id: cost, say: that is a lot of money, through: [reflection, expectation]}
yes_means: a survey on a named Monday
"""

RUBRIC = (
    """\
id: plain
title: Plain
summary: One check a stage.
pass_mark: 60
caps: {asked: 50, pressured: 30, assumed_too_soon: 45, not_earned: 55}
stages:
"""
    + "".join(f"  {stage.value}: {{weight: 20}}\n" for stage in Stage)
    + "checks:\n"
    + "".join(
        f"  - {{id: {stage.value}, asks: Was {stage.value} there?, stage: {stage.value}, "
        f"any_of: [{move}], at_least: 1, missed: It was not., kept: It was., "
        "instead: So it leaks?}\n"
        for stage, move in zip(
            Stage,
            ("permission", "reflection", "proof", "value_link", "cost_of_delay"),
            strict=True,
        )
    )
)


def write_library(root: Path) -> Path:
    for folder, name, text in (
        ("personas", "careful", PERSONA),
        ("scenarios", "leaky-roof", SCENARIO),
        ("scenarios/rubrics", "plain", RUBRIC),
    ):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / f"{name}.yaml").write_text(text)
    return root
