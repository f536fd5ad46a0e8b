"""The stage that stories are played on."""

import pytest

from storage import Database
from tests.handlers.stage import Stage, Villager
from tests.stage import Clock


@pytest.fixture
def stage(database: Database, clock: Clock) -> Stage:
    """Nobody yet."""
    return Stage(database, clock)


@pytest.fixture
def zalo(stage: Stage) -> Villager:
    """Somebody new on Zalo, where there are no buttons."""
    return stage.villager()


@pytest.fixture
def hoa(stage: Stage) -> Villager:
    """Somebody who follows xã Thanh Nưa on Zalo and has nothing open."""
    return stage.follower()
