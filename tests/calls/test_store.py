"""The call log on disk: what is written stays, and what can't be written is said plainly."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cast import casting
from trainer.calls import store as store_module
from trainer.calls.events import Ended, Event, Graded, Heard, Opened, Spoke
from trainer.calls.store import FILE_NAME, Store
from trainer.errors import StoreUnavailable, UnreadableInput
from trainer.grading.scorecard import Scorecard, StageScore, Statistics
from trainer.pathway import Form, Mode, Outcome, Stage, Verdict
from trainer.prospect import mind

CAST = casting()
MIGRATIONS = len(list((Path(store_module.__file__).parent / "migrations").glob("*.sql")))


def opened(title: str = "A cold room that gives up") -> Opened:
    return Opened(
        persona=CAST.persona,
        scenario=CAST.scenario.model_copy(update={"title": title}),
        rubric=CAST.rubric,
        mode=Mode.GUIDED,
        seed=1,
        engine="scripted",
        standing=mind.begin(CAST.persona, CAST.scenario),
    )


def graded(score: int) -> Graded:
    return Graded(
        scorecard=Scorecard(
            verdict=Verdict.NOT_EARNED,
            sentence="Not earned.",
            earned=False,
            form=Form.NONE,
            score=score,
            passed=False,
            rubric="authentic-persuasion",
            stages={stage: StageScore(score=score, level="low") for stage in Stage},
            stats=Statistics(
                rep_turns=3, prospect_turns=3, talk_ratio=0.5, questions=0, open_questions=0,
                reflections=0, longest_turn_words=9,
            ),
        )
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / FILE_NAME


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    log = Store(path)
    yield log
    log.close()


def rows(path: Path) -> list[Any]:
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT call_id, seq, type FROM events ORDER BY call_id, seq").fetchall()
    db.close()
    return found


class TestKeeping:
    def test_what_was_said_is_there_after_the_lights_went_out(
        self, store: Store, path: Path
    ) -> None:
        """Each event is on disk when it is handed back: another opening of the file sees it."""
        said: list[Event] = [opened(), Spoke(text="Hello?", source="model"), Heard(text="Hi Mira.")]
        for number, event in enumerate(said, start=1):
            assert store.append("a", event).seq == number
            other = Store(path)
            assert [logged.event for logged in other.events("a")] == said[:number]
            other.close()

    def test_the_file_lies_in_the_users_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "mine"))
        log = Store.open()
        log.append("a", opened())
        log.close()
        assert (tmp_path / "mine" / FILE_NAME).is_file()

    def test_ids_are_new_and_short_enough_to_type(self, store: Store) -> None:
        ids = {store.new_id() for _ in range(200)}
        assert len(ids) == 200
        assert all(len(one) <= 8 for one in ids)

    def test_nothing_in_the_log_can_be_rewritten_or_dropped(self, store: Store, path: Path) -> None:
        store.append("a", opened())
        db = sqlite3.connect(path)
        for statement in (
            "UPDATE events SET body = '{}'",
            "DELETE FROM events",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                db.execute(statement)
        db.close()
        assert rows(path) == [("a", 1, "opened")]

    def test_threads_write_side_by_side_and_nothing_is_lost(self, store: Store) -> None:
        store.append("a", opened())

        def write() -> None:
            for _ in range(10):
                store.append("a", Heard(text="hello"))

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [logged.seq for logged in store.events("a")] == list(range(1, 42))

    def test_two_processes_share_the_file(self, store: Store, path: Path) -> None:
        """The app in one window, `trainer practice --plain` in another."""
        context = multiprocessing.get_context("spawn")
        other = context.Process(target=_write, args=(path, "b", 8))
        other.start()
        store.append("a", opened())
        for _ in range(8):
            store.append("a", Heard(text="hello"))
        other.join(60)
        assert other.exitcode == 0
        assert [seq for call, seq, _ in rows(path) if call == "b"] == list(range(1, 10))
        assert [seq for call, seq, _ in rows(path) if call == "a"] == list(range(1, 10))


def _write(path: Path, call_id: str, count: int) -> None:
    log = Store(path)
    log.append(call_id, opened())
    for _ in range(count):
        log.append(call_id, Heard(text="hello"))
    log.close()


class TestListing:
    def test_calls_are_listed_newest_first_with_how_they_went(self, store: Store) -> None:
        store.append("old", opened("First"))
        store.append("old", Spoke(text="Hello?", source="model"))
        store.append("old", Heard(text="Hi."))
        store.append("old", Ended(outcome=Outcome.OPEN, by="rep"))
        store.append("old", graded(20))
        store.append("old", graded(40))
        store.append("new", opened("Second"))
        new, old = store.calls()
        assert (new.id, new.title, new.turns, new.outcome, new.verdict, new.score) == (
            "new", "Second", 0, None, None, None,
        )  # fmt: skip
        assert (old.id, old.turns, old.outcome, old.verdict, old.score) == (
            "old", 2, Outcome.OPEN, Verdict.NOT_EARNED, 40,
        )  # fmt: skip
        assert (old.prospect, old.persona_id, old.mode) == ("Mira Holt", "middling", Mode.GUIDED)
        assert [call.id for call in store.unfinished()] == ["new"]

    def test_the_latest_scorecard_counts(self, store: Store) -> None:
        store.append("a", opened())
        assert store.scorecard("a") is None
        store.append("a", graded(20))
        store.append("a", graded(40))
        card = store.scorecard("a")
        assert card is not None
        assert card.score == 40

    def test_a_call_nobody_knows_is_said_to_be_unknown(self, store: Store, path: Path) -> None:
        for ask in (store.events, store.state, store.scorecard):
            with pytest.raises(UnreadableInput, match=r"no call 'zzz' in .*resume --list"):
                ask("zzz")

    def test_an_event_from_a_version_to_come_hides_its_call_and_no_other(
        self, store: Store, path: Path
    ) -> None:
        store.append("good", opened())
        store.append("odd", opened())
        with sqlite3.connect(path) as db:
            db.execute(
                "INSERT INTO events VALUES ('odd', 2, '2027-01-01T00:00:00+00:00', 'ended', "
                """'{"type": "ended", "outcome": "abducted", "by": "rep"}')"""
            )
            db.execute(
                "INSERT INTO events VALUES ('headless', 1, '2027-01-01T00:00:00+00:00', 'ended', "
                """'{"type": "ended", "outcome": "open", "by": "rep"}')"""
            )
        db.close()
        assert [call.id for call in store.calls()] == ["good"]
        with pytest.raises(StoreUnavailable, match="call odd can't be read"):
            store.events("odd")


class TestMigrating:
    def test_an_empty_file_becomes_a_log_and_a_second_opening_changes_nothing(
        self, path: Path
    ) -> None:
        path.parent.mkdir()
        path.touch()
        for _ in range(2):
            Store(path).close()
            with sqlite3.connect(path) as db:
                assert db.execute("PRAGMA user_version").fetchone() == (MIGRATIONS,)
                schema = db.execute("SELECT name FROM sqlite_master").fetchall()
            db.close()
            assert ("events",) in schema

    def test_a_log_of_a_newer_version_is_left_alone(self, store: Store, path: Path) -> None:
        store.append("a", opened())
        with sqlite3.connect(path) as db:
            db.execute(f"PRAGMA user_version = {MIGRATIONS + 1}")
        db.close()
        with pytest.raises(StoreUnavailable, match=r"newer version of trainer .*TRAINER_HOME"):
            Store(path)
        assert rows(path) == [("a", 1, "opened")]

    def test_a_migration_that_breaks_leaves_no_half_of_itself(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps = store_module._statements

        def torn(script: str) -> Iterator[str]:
            yield from steps(script)
            yield "CREATE TABLE events (twice TEXT)"

        monkeypatch.setattr(store_module, "_statements", torn)
        with pytest.raises(StoreUnavailable):
            Store(path)
        monkeypatch.undo()
        log = Store(path)
        log.append("a", opened())
        log.close()


class TestTrouble:
    def test_a_file_that_is_no_log_is_named_and_not_touched(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(b"these are my holiday notes, not a database at all" * 40)
        before = path.read_bytes()
        with pytest.raises(StoreUnavailable, match=r"calls\.sqlite3: .*not a call log; move it"):
            Store(path)
        assert path.read_bytes() == before

    def test_a_log_damaged_in_the_middle_is_said_to_be(self, store: Store, path: Path) -> None:
        for _ in range(30):
            store.append("a", opened())
        store.close()
        whole = bytearray(path.read_bytes())
        whole[4096:] = b"\xff" * (len(whole) - 4096)
        path.write_bytes(bytes(whole))
        with pytest.raises(StoreUnavailable, match="damaged"):
            Store(path).append("a", Heard(text="hello"))

    def test_a_folder_that_is_a_file_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "home").write_text("oops")
        with pytest.raises(StoreUnavailable, match=r"its folder is a file; set TRAINER_HOME"):
            Store(tmp_path / "home" / FILE_NAME)
        with pytest.raises(StoreUnavailable, match=r"its folder is a file; set TRAINER_HOME"):
            Store(tmp_path / "home" / "deeper" / FILE_NAME)

    def test_a_log_that_is_a_folder_is_named(self, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(StoreUnavailable, match="a folder of that name; move it away"):
            Store(path)

    @pytest.mark.parametrize("home", ["", "/somewhere/else"])
    def test_a_folder_that_can_not_be_written_says_which_setting_helps(
        self, path: Path, home: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Simulated, since tests may run as a user to whom every folder is open."""
        monkeypatch.setenv("TRAINER_HOME", home)

        def refused(*_: Any, **__: Any) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "mkdir", refused)
        with pytest.raises(StoreUnavailable, match=r"can't be written.*TRAINER_HOME"):
            Store(path)

    def test_a_log_that_may_only_be_read_is_said_to_be(self, store: Store) -> None:
        store.append("a", opened())
        store._db.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreUnavailable, match="can't be written"):
            store.append("a", Heard(text="hello"))
        assert len(store.events("a")) == 1

    def test_with_no_space_left_nothing_half_written_stays(self, store: Store) -> None:
        store.append("a", opened())
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnavailable, match="no space left on the disk; free some"):
            store.append("a", opened())
        kept = len(store.events("a"))
        store._db.execute("PRAGMA max_page_count = 100000")
        assert store.append("a", Heard(text="space again")).seq == kept + 1

    def test_somebody_else_writing_for_too_long_is_said_plainly(
        self, store: Store, path: Path
    ) -> None:
        store._db.execute("PRAGMA busy_timeout = 10")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another trainer is writing"):
            store.append("a", opened())
        other.execute("ROLLBACK")
        other.close()
        assert store.append("a", opened()).seq == 1
