"""Whatever goes wrong between a sender and its ledger: nobody is lost, and nobody is told twice."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import col

from bot import trade
from bot.endings import Ending, Later, Sent
from bot.exchange import Asked, Held, reclaim
from bot.media import MediaStore
from bot.outlets import ChatOutlet
from bot.work import Turn, Work
from content.message import Part
from storage import Database, Transaction, leases, ledger, outbox, takeover
from storage.ledger import Due
from storage.outbox import CONVERSATION, EMERGENCY, ROUTINE, Letter
from tests.bot.sending import FarSide, post, rows, running, states, until, worked
from tests.storage.people import account

GONE = OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))


class Unsure(Work):
    """A database whose connection is lost at some commits: after they were done, or before."""

    lost: frozenset[int] = frozenset()
    done = True
    writes = 0

    async def write(self, job: Callable[[Transaction], Any], turn: Turn = Turn.CHORE) -> Any:
        """The same, and nobody hears how it ended."""
        self.writes += 1
        if self.writes in self.lost and not self.done:
            raise GONE
        result = await super().write(job, turn)
        if self.writes in self.lost:
            raise GONE
        return result


def once(left: Counter[int]) -> Callable[[Due], Ending]:
    """Every third letter is refused once, for now."""

    def ending(row: Due) -> Ending:
        left[row.id] += 1
        return Later(0, "thử lại sau") if row.id % 3 == 0 and left[row.id] == 1 else Sent("m")

    return ending


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("lost", [{1}, {2}, {3}, {2, 3}, {3, 5, 6}, {1, 2, 4, 6, 8}])
async def test_an_exchange_of_unknown_outcome_loses_nobody_and_repeats_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, lost: set[int], done: bool
) -> None:
    monkeypatch.setattr(trade, "TROUBLE_SECONDS", 0.05)
    for number in range(9):
        post(database, lane=EMERGENCY if number % 2 else ROUTINE, announcement_id=5)
    far = FarSide(once(Counter()), parts=2)
    with worked(database, Unsure) as work:
        assert isinstance(work, Unsure)
        work.lost, work.done = frozenset(lost), done
        async with running(work, far):
            await until(lambda: set(states(database)) == {"sent"})
    told = Counter((row.id, part.text) for _, row, part in far.calls)
    refused = {(number, "phần 0") for number in (3, 6, 9)}
    assert told == {one: 2 if one in refused else 1 for one in told}
    assert len(told) == 18
    assert {row.resent for row in rows(database)} == {False}


def hold(database: Database, **more: Any) -> int:
    """A row that is claimed; its id."""
    return post(database, **{"state": "claimed", "epoch": 1, "claimed_at": 7, **more})


@pytest.mark.parametrize(
    ("row", "mine", "expected"),
    [
        pytest.param({}, False, ("queued", False, 0), id="it never came back from its claim"),
        pytest.param({}, True, ("queued", True, 7), id="it came back and was lost sight of"),
        pytest.param({"resent": True}, True, ("unknown", True, 0), id="that was its second copy"),
        pytest.param({"once": True}, True, ("unknown", False, 0), id="it must never be repeated"),
        pytest.param({"epoch": 2}, False, ("claimed", False, 0), id="somebody else's claim"),
        pytest.param({"held": "digest"}, False, ("claimed", False, 0), id="a part of a day's letter"),
    ],
)
def test_what_is_claimed_and_in_nobody_s_hands_is_taken_back(
    database: Database, row: dict[str, Any], mine: bool, expected: tuple[str, bool, int]
) -> None:
    known, lost = hold(database), hold(database, **row)
    with database.transaction() as tx:
        leased(tx)
        reclaim(tx, Asked(account(tx), Held("budget 1", 1)), {known}, {lost} if mine else set())
    first, second = rows(database)
    assert first.state == "claimed"
    assert (second.state, second.resent, second.first_at) == expected


def leased(tx: Transaction) -> None:
    """Its budget is ours."""
    leases.take(tx, "budget 1", "we", 60_000)


async def test_it_is_looked_for_now_and_then_where_nothing_went_wrong(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trade, "LOOK_SECONDS", 0.3)
    far = FarSide()
    far.took = lambda row: 1 if row.chat == "slow" else 0
    with worked(database) as work:
        post(database, "slow")
        async with running(work, far):
            await until(lambda: far.chats() == ["slow"])
            hold(database)
            await until(lambda: states(database) == ["sent", "sent"])
    assert len(far.calls) == 2


async def test_what_cannot_be_settled_for_a_while_is_not_lost_sight_of(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trade, "TROUBLE_SECONDS", 0.05)
    stuck, free = post(database), post(database)
    trap(database, stuck)
    far = FarSide()
    with worked(database) as work:
        async with running(work, far):
            await until(lambda: rows(database)[1].state == "sent")
            await asyncio.sleep(0.3)
            assert states(database) == ["claimed", "sent"]
            change(database, "DROP TRIGGER trap" + ("" if database.sqlite else " ON delivery"))
            await until(lambda: states(database) == ["sent", "sent"])
    assert sorted(row.id for _, row, _ in far.calls) == [stuck, free]


def trap(database: Database, number: int) -> None:
    """This delivery cannot be written as sent."""
    when = f"NEW.id = {number} AND NEW.state = 'sent'"
    if database.sqlite:
        change(database, f"CREATE TRIGGER trap BEFORE UPDATE ON delivery WHEN {when} BEGIN "
                         "SELECT RAISE(ABORT, 'trap'); END")  # fmt: skip
        return
    body = f"BEGIN IF {when} THEN RAISE EXCEPTION 'trap'; END IF; RETURN NEW; END"
    change(database, f"CREATE FUNCTION trap() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql")
    change(database, "CREATE TRIGGER trap BEFORE UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION trap()")


def change(database: Database, statement: str) -> None:
    """Run one statement."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql(statement)


async def test_words_that_the_ledger_does_not_take_do_not_keep_a_row_from_its_end(database: Database) -> None:
    [number] = [post(database)]
    far = FarSide(lambda _: Sent("m\ud800"))  # half a character: no database stores it
    with worked(database) as work:
        async with running(work, far):
            await until(lambda: states(database) == ["sent"])
    assert [row.id for _, row, _ in far.calls] == [number]


@pytest.mark.postgres
def test_a_lost_exchange_that_may_still_commit_is_waited_for(database: Database) -> None:
    post(database)
    with database.transaction() as tx:
        leased(tx)
        ours = account(tx)
    begun, over, found = threading.Event(), threading.Event(), list[int]()

    def ghost() -> None:
        with database.transaction() as tx:
            takeover.alone(tx, ours.id or 0, "budget 1", 1)
            ledger.claim(tx, ours.id or 0, 1, 10)
            begun.set()
            over.wait(3)

    def look() -> None:
        with database.transaction() as tx:
            found.append(reclaim(tx, Asked(ours, Held("budget 1", 1)), set(), set()))

    threads = [threading.Thread(target=ghost), threading.Thread(target=look)]
    threads[0].start()
    begun.wait(5)
    threads[1].start()
    threads[1].join(0.5)
    assert not found
    over.set()
    for one in threads:
        one.join(5)
    assert (found, states(database)) == ([1], ["queued"])


@pytest.mark.postgres
def test_a_client_that_died_in_the_middle_of_its_exchange_is_not_waited_for_long(database: Database) -> None:
    with database.transaction() as tx:
        leased(tx)
        number = account(tx).id or 0
    # Here it is a session that does nothing in the middle; to the server that is the same.
    with database.engine.connect() as idle:
        idle.execute(takeover._ALONE, {"account": number, "lease": "budget 1"})
        with database.transaction() as other:
            assert takeover.alone(other, number, "budget 1", 1)
        with pytest.raises(DBAPIError):
            idle.exec_driver_sql("SELECT 1")


# ---- letters that cannot be read ----


class Phone:
    """A channel that takes everything."""

    kind = "telegram"

    def __init__(self) -> None:
        self.account: Any = None
        self.texts: list[str] = []

    async def send(self, _chat: str, part: Part, _medium: Any = None) -> Ending:
        """One text."""
        self.texts.append(part.text)
        return Sent("m")


@pytest.mark.parametrize(
    ("sealed", "state", "why"),
    [
        pytest.param(
            "oldkey:gAAAA", "queued", "không đọc được tin: thiếu khóa trong THONTIN_KEYS", id="its key is away"
        ),
        pytest.param("{json}", "never", "không đọc được tin", id="it is broken"),
    ],
)
async def test_a_letter_that_cannot_be_opened_silences_nobody(
    database: Database, tmp_path: Path, sealed: str, state: str, why: str
) -> None:
    with database.transaction() as tx:
        bad, good = (outbox.write_letter(tx, "telegram", (Part("text", text),)) for text in ("x", "LŨ QUÉT"))
        broken = tx.vault.seal("[1, 2") if sealed == "{json}" else sealed
        tx.session.execute(update(Letter).where(col(Letter.id) == bad).values(parts_sealed=broken))
    for lane, letter in ((CONVERSATION, bad), (ROUTINE, good)):
        post(database, lane=lane, letter_id=letter)
    phone = Phone()
    with worked(database) as work:
        outlet = ChatOutlet(phone, work, MediaStore(tmp_path, database.vault, ""), database.now)  # type: ignore[arg-type]
        async with running(work, outlet) as sender:
            await until(lambda: states(database) == [state, "sent"])
            post(database, lane=EMERGENCY, letter_id=good, announcement_id=5)
            sender.wake(urgent=True)
            await until(lambda: states(database)[2] == "sent", 2)
    assert phone.texts == ["LŨ QUÉT"] * 2
    assert rows(database)[0].why == why


class Forgetful(FarSide):
    """Its letters cannot be read at first."""

    left = 3

    async def letter(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """The words, or trouble."""
        self.left -= 1
        if self.left >= 0:
            raise GONE
        return await super().letter(rows)


async def test_a_database_that_is_gone_when_letters_are_read_ends_none_of_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trade, "TROUBLE_SECONDS", 0.05)
    post(database)
    far = Forgetful()
    with worked(database) as work:
        async with running(work, far):
            await until(lambda: states(database) == ["sent"])
    assert len(far.calls) == 1
