"""Transactions run whole: whoever lost a race tries again, and who waits is served by urgency and age."""

import asyncio
import threading

import pytest
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError, TimeoutError
from sqlmodel import select

from bot.work import Turn, Work, is_trouble
from storage import Database, Transaction, citizens
from storage.citizens import StaleState
from tests.storage.people import account


@pytest.fixture
def work(database: Database):  # type: ignore[no-untyped-def]
    opened = Work(database)
    yield opened
    opened.close()


async def test_whoever_lost_a_race_tries_again(work: Work) -> None:
    tries = []

    def job(_tx: Transaction) -> int:
        tries.append(1)
        if len(tries) < 3:
            raise StaleState("address 1")
        return len(tries)

    assert await work.write(job) == 3


async def test_a_race_lost_for_ever_is_an_error(work: Work) -> None:
    def job(_tx: Transaction) -> None:
        raise StaleState("address 1")

    with pytest.raises(StaleState):
        await work.write(job)


async def test_the_first_words_of_a_stranger_in_two_messages_at_once_make_one_person(work: Work) -> None:
    number = await work.write(lambda tx: account(tx).id or 0)
    met = await asyncio.gather(*(work.write(lambda tx: citizens.meet(tx, number, "42")[0].id) for _ in range(8)))
    assert len(set(met)) == 1


async def test_a_failed_job_leaves_nothing_behind(work: Work) -> None:
    def job(tx: Transaction) -> None:
        account(tx)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await work.write(job)
    assert await work.read(lambda tx: tx.session.execute(select(citizens.Citizen)).all()) == []


async def test_urgent_work_overtakes_and_old_work_is_not_starved(work: Work) -> None:
    if not work.database.sqlite:
        return  # PostgreSQL has many writers
    done, gate = [], threading.Event()
    work.submit(lambda _tx: gate.wait(5), Turn.CHORE)
    waiting = [work.submit(lambda _tx, name=turn.name: done.append(name), turn) for turn in reversed(Turn)]  # type: ignore[misc]
    gate.set()
    await asyncio.gather(*(asyncio.wrap_future(one) for one in waiting))
    assert done == ["URGENT", "INBOUND", "SETTLE", "SPREAD", "CHORE"]


BLAMED = [
    (OperationalError("", {}, Exception()), True),
    (TimeoutError(), True),
    (IntegrityError("", {}, Exception()), False),
    (DataError("", {}, Exception()), False),
    (ProgrammingError("", {}, Exception()), False),
    (KeyError(), False),
]


@pytest.mark.parametrize(("error", "to_blame"), BLAMED)
def test_the_database_is_told_from_a_bug(error: Exception, to_blame: bool) -> None:
    assert is_trouble(error) is to_blame
