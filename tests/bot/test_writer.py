"""SQLite's one writer commits small jobs together; each of them still stands or falls alone."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from bot import writer
from bot.work import Turn, Work
from storage import Database, Transaction, Vault, citizens
from storage.citizens import Address
from tests.stage import Clock
from tests.storage.people import account


class Queue:
    """A writer whose queue is filled while it waits, so that jobs stand in it together."""

    def __init__(self, database: Database) -> None:
        self.work, self.commits = Work(database), list[str]()
        event.listen(database.engine, "commit", lambda _: self.commits.append("commit"))

    def run(self, *jobs: tuple[Callable[[Transaction], Any], Turn]) -> "list[Future[Any]]":
        """The jobs, all of them queued before the first begins; ended, one way or the other."""
        gate, held = threading.Event(), threading.Event()

        def hold(_tx: Transaction) -> None:
            held.set()
            gate.wait(5)

        self.work.submit(hold, Turn.CHORE)
        held.wait(5)
        futures = [self.work.submit(job, turn) for job, turn in jobs]
        self.commits.clear()
        gate.set()
        for one in futures:
            one.exception(5)
        return futures

    def kept(self) -> set[str]:
        """The chats that are in the database."""
        with self.work.database.reading() as tx:
            return set(tx.session.execute(select(Address.chat)).scalars())


@pytest.fixture
def queue(sqlite_url: str, vault: Vault, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    monkeypatch.setattr(writer, "LONGEST_TOGETHER", 5.0)  # on a busy machine the first job alone takes that long
    own = Database(sqlite_url, vault, clock)
    opened = Queue(own)
    yield opened
    opened.work.close()
    own.close()


def keep(tx: Transaction, chat: str) -> str:
    """Write somebody down."""
    return citizens.meet(tx, account(tx).id or 0, chat)[1].chat


def keeps(chat: str, turn: Turn = Turn.INBOUND) -> tuple[Callable[[Transaction], str], Turn]:
    """A job that writes."""
    return lambda tx: keep(tx, chat), turn


def fails(chat: str, error: BaseException, times: int = 99) -> tuple[Callable[[Transaction], str], Turn]:
    """A job that writes, and then raises the first so many times."""
    tries: list[int] = []

    def job(tx: Transaction) -> str:
        keep(tx, chat)
        tries.append(1)
        if len(tries) <= times:
            raise error
        return chat

    return job, Turn.SETTLE


def test_what_stands_in_the_queue_is_committed_once(queue: Queue) -> None:
    futures = queue.run(*(keeps(f"a{n}") for n in range(10)))
    assert [one.result() for one in futures] == [f"a{n}" for n in range(10)]
    assert len(queue.commits) == 1
    assert queue.kept() == {f"a{n}" for n in range(10)}


def test_one_that_fails_leaves_nothing_and_the_others_stay(queue: Queue) -> None:
    before, broken, after = queue.run(keeps("a"), fails("b", RuntimeError("a story raised")), keeps("c"))
    assert (before.result(), after.result()) == ("a", "c")
    assert isinstance(broken.exception(), RuntimeError)
    assert queue.kept() == {"a", "c"}


def test_whatever_a_job_raises_the_writer_lives_on(queue: Queue) -> None:
    [ended, after] = queue.run(fails("a", SystemExit(3)), keeps("b"))
    assert isinstance(ended.exception(), SystemExit)
    assert after.result() == "b"
    assert queue.run(keeps("c"))[0].result() == "c"
    assert queue.kept() == {"b", "c"}


def test_when_the_database_fails_under_one_every_other_runs_again_alone(queue: Queue) -> None:
    trouble = OperationalError("", {}, Exception("disk I/O error"))
    before, broken, after = queue.run(keeps("a"), fails("b", trouble), keeps("c"))
    assert (before.result(), after.result()) == ("a", "c")
    assert broken.exception() is trouble
    assert queue.kept() == {"a", "c"}


def test_a_trouble_that_passes_is_nobodys_trouble(queue: Queue) -> None:
    trouble = OperationalError("", {}, Exception("disk I/O error"))
    futures = queue.run(keeps("a"), fails("b", trouble, times=1))
    assert [one.result() for one in futures] == ["a", "b"]
    assert queue.kept() == {"a", "b"}


def test_nobody_is_told_before_the_commit_and_one_that_fails_is_tried_job_by_job(queue: Queue) -> None:
    failed: list[int] = []

    def commit(_connection: Any) -> None:
        if not failed and len(queue.commits) == 1:
            failed.append(1)
            raise OperationalError("", {}, Exception("database or disk is full"))

    event.listen(queue.work.database.engine, "commit", commit)
    futures = queue.run(keeps("a"), keeps("b"))
    assert [one.result() for one in futures] == ["a", "b"]
    assert failed
    assert len(queue.commits) == 3  # the failed one, and each by itself
    assert queue.kept() == {"a", "b"}


def test_what_takes_long_shares_with_nobody(queue: Queue) -> None:
    queue.run(keeps("a"), keeps("b"), keeps("c", Turn.CHORE), keeps("d", Turn.SPREAD))
    assert len(queue.commits) == 3  # a and b together, and the two others each by itself


def test_one_that_nobody_waits_for_is_not_run(queue: Queue) -> None:
    cancelled: Future[Any] = Future()

    def cancel(_tx: Transaction) -> None:
        cancelled.cancel()

    gate = threading.Event()
    queue.work.submit(lambda _tx: gate.wait(5), Turn.CHORE)
    queue.work.submit(cancel, Turn.URGENT)
    cancelled = queue.work.submit(keeps("a")[0], Turn.INBOUND)
    last = queue.work.submit(keeps("b")[0], Turn.INBOUND)
    gate.set()
    last.result(5)
    assert queue.kept() == {"b"}
