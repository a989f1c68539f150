"""What every test shares: the real models, where they are, and a machine that owes nobody time."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from trainer.calls.loading import Loaded, load
from trainer.engines.catalog import Catalog, State

# Threads that meet after every small layer cost more than they bring; two test processes share
# two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("house", deadline=None)  # other work shares the machine
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without the models, what needs them is skipped with the reason; `make test` pulls them."""
    catalog = Catalog.load()
    missing = [
        card.id
        for card in (catalog.default("voice"), catalog.default("encoder"))
        if catalog.status(card.id).state is not State.PRESENT
    ]
    if missing:
        why = f"{', '.join(missing)} not here; `trainer models pull` fetches them"
        for item in items:
            if item.get_closest_marker("model"):
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def loaded() -> Loaded:
    """The real listener, the real voice and the grader, loaded once a process."""
    return load()
