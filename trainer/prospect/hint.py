"""A hint for a rep who asks for one: what this prospect needs next, never the words to say."""

from __future__ import annotations

from trainer.library import Persona, Scenario
from trainer.pathway import Stage
from trainer.prospect import mind
from trainer.prospect.standing import Standing


def hint(standing: Standing, persona: Persona, scenario: Scenario) -> str:
    """The one thing that would help most now, in a sentence or two."""
    name = scenario.prospect.first_name
    if standing.outcome is not None:
        return "The call is over."
    if standing.agreed:
        return (
            f"{name} said yes. Keep going past it: what happens next, who calls, what the first "
            "week feels like. Then ask who else you could help."
        )
    if standing.patience < 0.2:
        return f"{name} is close to hanging up. Say less, own what went wrong, and give way."
    if standing.waiting_for == "proof":
        return f"{name} asked what your claim rests on. Name something they could check."
    if standing.waiting_for == "answer":
        return f"{name} asked you something. Answer it first, straight."
    if standing.objection is not None:
        objection = next(o for o in scenario.objections if o.id == standing.objection)
        left = [move.in_words for move in objection.through if move not in standing.worked]
        helps = " or ".join(left) if left else "staying with it"
        return f"An objection stands open. Don't argue with it. What helps: {helps}."
    if mind.earned(standing, persona):
        return f"You have earned it. Don't ask. Go ahead as if decided: {scenario.yes_means}."
    for stage in Stage:
        if mind.progress(stage, standing, persona) < 1:
            return _for_stage(stage, name, scenario, persona)
    return (
        f"All five stages stand, but {name} is coming only {standing.lean:.0%} of the way. "
        "Ask and listen; let them do the talking."
    )


def _for_stage(stage: Stage, name: str, scenario: Scenario, persona: Persona) -> str:
    match stage:
        case Stage.RAPPORT:
            begin = scenario.lead.wrote or scenario.lead.saw
            if begin:
                return f"Begin where {name} began: “{begin}”. Then ask leave before you ask more."
            return f"{name} never asked for this call. Say why them, and ask if now is all right."
        case Stage.EMPATHY:
            return (
                f"{name} needs to feel understood before anything else. Ask what it has been like "
                "or what it costs, then say back what you heard."
            )
        case Stage.TRUST:
            return (
                f"{name} doesn't know yet whether to believe you. Offer what can be checked, "
                "say what it takes, or say whom it is not for."
            )
        case Stage.HOPE:
            return (
                f"Tie one thing you do to one thing {name} said, and say what a normal week looks "
                "like once the problem is gone."
            )
        case Stage.URGENCY:
            return f"Why now? Use {name}'s own facts and dates, not yours; ask for one if you must."
