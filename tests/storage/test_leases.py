"""Leases outlive a process by their time, and no wrong clock makes them outlive it by more."""

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from storage import Database, Transaction, leases, takeover
from storage.leases import Lease

MS = 20_000
HOUR = 3_600_000


def take(database: Database, owner: str, name: str = "budget 1", alone: bool = False) -> int | None:
    """One try, in a transaction of its own."""
    with database.transaction() as tx:
        return leases.take(tx, name, owner, MS, alone)


def set_back(database: Database, ms: int = HOUR) -> None:
    """The database's clock goes back, which no test can have a server do: what was written is that much ahead."""
    with database.transaction() as tx:
        tx.run(update(Lease).where(col(Lease.until) > 0).values(until=Lease.until + ms))


def pass_by(database: Database, ms: int) -> None:
    """So much time goes by."""
    set_back(database, -ms)


def test_one_holds_it_until_its_time_is_up(database: Database) -> None:
    assert take(database, "a") == 1
    assert take(database, "b") is None
    assert take(database, "a") == 1  # prolonged
    pass_by(database, MS + 1)
    assert take(database, "b") == 2
    assert take(database, "a") is None


def test_what_was_given_back_is_free_whatever_the_clock_says_then(database: Database) -> None:
    take(database, "a")
    with database.transaction() as tx:
        leases.give_back(tx, "budget 1", "a")
    set_back(database)
    assert take(database, "b") == 2


def test_after_the_clock_was_set_back_the_dead_holder_s_lease_lasts_its_usual_time(database: Database) -> None:
    take(database, "a")
    set_back(database)
    assert take(database, "b") is None  # its holder may live and prolong it
    pass_by(database, MS + 1)
    assert take(database, "b") == 2


def test_after_the_clock_was_set_back_a_living_holder_keeps_it(database: Database) -> None:
    take(database, "a")
    set_back(database)
    assert take(database, "b") is None
    with database.transaction() as tx:
        assert leases.prolong(tx, ["budget 1"], "a", MS) == {"budget 1": 1}
    pass_by(database, MS - 1000)
    assert take(database, "b") is None


def test_whoever_is_alone_takes_it_at_once(database: Database) -> None:
    take(database, "a")
    assert take(database, "b", alone=True) == 2


@pytest.mark.postgres  # on SQLite nobody else can write
def test_its_holder_may_write_until_somebody_has_taken_it_over(database: Database) -> None:
    take(database, "a")
    pass_by(database, HOUR)  # the clock leapt ahead, or its holder was held up
    assert holds(database, 1)
    take(database, "b")
    assert not holds(database, 1)
    assert holds(database, 2)


def holds(database: Database, epoch: int) -> bool:
    """Whether it stands."""
    with database.transaction() as tx:
        return takeover.alone(tx, 1, "budget 1", epoch)


def test_the_living_are_counted_and_a_wrong_clock_s_dead_are_not_for_long(database: Database) -> None:
    def census(owner: str) -> int:
        with database.transaction() as tx:
            return leases.census(tx, "process ", owner, MS)

    long = "h" * 64 + ":1:"  # as a host's name may be
    assert [census(f"{long}a"), census(f"{long}b")] == [1, 2]
    set_back(database)
    assert census(f"{long}b") == 2
    pass_by(database, MS + 1)
    assert census(f"{long}b") == 1
    pass_by(database, 2 * MS)
    census(f"{long}c")
    with database.transaction() as tx:
        assert names(tx) == {f"process {f'{long}c'[-52:]}"}


def names(tx: Transaction) -> set[str]:
    """What is in the table."""
    return set(tx.run(select(Lease.name)).scalars())


def test_on_sqlite_another_process_is_dead(database: Database) -> None:
    take(database, "host:1:1", "token 1")
    take(database, "host:2:1", "token 2")
    with database.transaction() as tx:
        leases.bury(tx, "token 1", "host:1:")
        leases.bury(tx, "token 2", "host:1:")
    assert take(database, "host:1:2", "token 1") is None  # of two of ours one is first, on both databases
    assert (take(database, "host:1:2", "token 2") is None) == (not database.sqlite)
