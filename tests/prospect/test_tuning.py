"""Lessons for the small voice: what is shared is read once, and every reply token is learnt."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from trainer.library.shelf import Shelf
from trainer.pathway import Act
from trainer.prospect import corpus, lines, prompt
from trainer.prospect.tuning import fit, tree

FOLDER = corpus.default_folder()
TAUGHT = corpus.taught(FOLDER)
WAYS = corpus.read_ways(FOLDER / "ways.jsonl", Shelf.load().personas)

token = st.integers(0, 3)  # few, so that heads are often shared
sequences = st.lists(
    st.tuples(st.lists(token, min_size=1, max_size=6), st.lists(token, min_size=1, max_size=6)),
    min_size=1,
    max_size=6,
)


@given(sequences)
def test_every_sequence_can_be_read_off_its_branch(
    lessons: list[tuple[list[int], list[int]]],
) -> None:
    """What a node sees, in order, is the sequence up to it: no token of another branch."""
    made = tree(lessons)
    seen = made.sight()
    branches = [
        [token for token, visible in zip(made.tokens, row, strict=True) if visible]
        for row in seen.tolist()
    ]
    for asked, reply in lessons:
        assert [*asked, *reply] in branches
    for node, branch in enumerate(branches):
        assert len(branch) == made.depths[node] + 1
        assert branch[-1] == made.tokens[node]


@given(sequences)
def test_each_reply_token_is_learnt_once_from_what_stands_before_it(
    lessons: list[tuple[list[int], list[int]]],
) -> None:
    made = tree(lessons)
    wanted = {
        tuple([*asked, *reply][: len(asked) + upto])
        for asked, reply in lessons
        for upto in range(1, len(reply) + 1)
    }
    seen = made.sight()
    learnt = [
        tuple(token for token, sees in zip(made.tokens, seen[node].tolist(), strict=True) if sees)
        for node in made.learnt
    ]
    assert sorted(learnt) == sorted(wanted)
    assert all(made.parents[node] >= 0 for node in made.learnt)


def test_what_is_taught_makes_one_line_into_another_and_passes_the_guard() -> None:
    taught = fit(corpus.teachable(TAUGHT))
    assert len(taught) >= 2500
    assert {row.direction.act for row in taught} == set(Act)
    assert {row.way for row in taught} == {row.way for row in TAUGHT}
    for row in taught:
        assert row.like
        assert (lines.HERE in row.like) == (row.direction.say is not None), row.id


def test_a_lesson_is_one_scene_under_one_opening_and_all_rows_are_taught() -> None:
    taught = []
    for lesson in corpus.lessons(TAUGHT, WAYS, Random(1)):
        assert len({moment.row.scene for moment in lesson}) == 1
        assert len({moment.messages[0] for moment in lesson}) == 1
        assert len(lesson) <= corpus.LESSON
        taught += [moment.row.id for moment in lesson]
    assert sorted(taught) == sorted(row.id for row in TAUGHT)


def test_no_reply_stands_among_the_lines_its_own_opening_shows() -> None:
    for lesson in corpus.lessons(TAUGHT, WAYS, Random(2)):
        opening = lesson[0].messages[0].content
        shown = {line[2:] for line in opening.splitlines() if line.startswith("- ")}
        assert len(shown) <= prompt.SOUNDS
        assert shown.isdisjoint({moment.row.reply for moment in lesson})


def test_each_way_is_described_and_each_epoch_shows_other_lines() -> None:
    assert {row.way for row in TAUGHT} <= set(WAYS)
    one, other = (list(corpus.lessons(TAUGHT, WAYS, Random(seed))) for seed in (3, 4))
    openings = [{lesson[0].messages[0].content for lesson in lessons} for lessons in (one, other)]
    assert len(openings[0] & openings[1]) < 0.1 * len(openings[0])
