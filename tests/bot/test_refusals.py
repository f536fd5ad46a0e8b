"""What a refusal means: another way is looked for, an answer waits for its reader, what was heard counts as heard."""

import json
from typing import Any

import pytest

from bot.channels.zalo_errors import ending, template_ending
from bot.consequences import follows, late, timed
from bot.endings import Ending, Gone, Never
from content.message import Part
from handlers import routes
from handlers.terms import month
from storage import Database, Transaction, ledger, outbox, quotas
from storage.accounts import Account
from storage.citizens import Address
from storage.ledger import Due
from storage.outbox import CONVERSATION, EMERGENCY, PRIORITY, RETRY, STATUS, Delivery
from tests.storage.people import HERE, account, follower

DAY = 86_400_000
TEXT, VOICE = Part("text", "LŨ QUÉT"), Part("voice", media="a" * 64)


def oa(tx: Transaction, **terms: str) -> Account:
    """The account with these terms."""
    row = account(tx, "zalo_oa")
    row.settings = json.dumps({"terms": terms})
    return tx.add(row)


def post(tx: Transaction, lane: int, silent: int = 0, **more: Any) -> int:
    """A delivery to somebody who has been silent for so long; its id."""
    address = follower(tx, channel="zalo_oa")
    address.heard_at = tx.now - silent
    tx.add(address)
    row = Delivery(account_id=address.account_id, address_id=address.id, chat=address.chat, lane=lane, due_at=tx.now,
                   letter_id=1, created_at=tx.now, commune=HERE, **more)  # fmt: skip
    return outbox.post(tx, row).id or 0


def kept(tx: Transaction, number: int) -> Delivery:
    """A delivery as it stands."""
    tx.session.expire_all()
    found = tx.session.get(Delivery, number)
    assert found is not None
    return found


def went(tx: Transaction, row: Account) -> list[Due]:
    """What is claimed and may be sent."""
    return routes.choose(tx, row, ledger.claim(tx, row.id or 0, 1, 10).rows)


def ends(tx: Transaction, row: Account, one: Due, how: Ending, part: Part = TEXT) -> None:
    """Its call ends so."""
    changes = timed(follows(one, how, part), tx.now)
    ledger.settle(tx, 1, [(one.id, changes)])
    routes.settled(tx, row, [(one, changes)])


def holds(tx: Transaction, number: int) -> bool:
    """Whether their next word brings it."""
    address = tx.session.get(Address, kept(tx, number).address_id)
    assert address is not None
    return address.holds


@pytest.mark.parametrize("code", [-230, -232])
@pytest.mark.parametrize(("lane", "silent", "route"), [(EMERGENCY, 0, "free"), (EMERGENCY, 3 * DAY, "paid"),
                                                       (PRIORITY, 0, "free"), (STATUS, 0, "free")])  # fmt: skip
def test_where_zalo_counts_the_window_otherwise_the_template_goes(
    database: Database, code: int, lane: int, silent: int, route: str
) -> None:
    with database.transaction() as tx:
        templates = {f"template.{one}": "T1" for one in ("emergency", "priority", "status")}
        row = oa(tx, spend="yes", **templates)
        number = post(tx, lane, silent, valid_until=tx.now + DAY)
        [one] = went(tx, row)
        assert one.route == route
        ends(tx, row, one, ending(code, "", tx.now))
        [again] = went(tx, row)
        assert (again.id, again.route, again.attempts) == (number, "template", 1)
        assert again.lane == (RETRY if lane == EMERGENCY else lane)
        used = quotas.used(tx, row.id or 0, month(tx.now))
        assert {kind: count for kind, count in used.items() if count} == {"template": 1}


@pytest.mark.parametrize("lane", [EMERGENCY, PRIORITY])
def test_without_a_template_it_ends_and_is_told_when_they_write(database: Database, lane: int) -> None:
    with database.transaction() as tx:
        row = oa(tx)
        number = post(tx, lane)
        [one] = went(tx, row)
        ends(tx, row, one, ending(-230, "", tx.now))
        assert went(tx, row) == []
        assert kept(tx, number).state == "never"
        assert holds(tx, number)


REFUSED = (-118, -119, -139, -140, -141, -109, -131, -146, -137, -227, -108)


@pytest.mark.parametrize("code", REFUSED)
def test_an_answer_whose_template_is_refused_waits_for_their_next_word(database: Database, code: int) -> None:
    with database.transaction() as tx:
        row = oa(tx, **{"template.status": "T1"})
        number = post(tx, STATUS, 8 * DAY, report_id=5, valid_until=tx.now + DAY)
        [one] = went(tx, row)
        assert one.route == "template"
        ends(tx, row, one, template_ending(code, "", tx.now))
        found = kept(tx, number)
        assert (found.state, found.held, found.valid_until) == ("queued", "window", None)
        assert holds(tx, number)
        address = tx.session.get(Address, found.address_id)
        assert address is not None
        address.heard_at = tx.now
        outbox.release(tx, address.id or 0)
        assert [(one.id, one.route) for one in went(tx, row)] == [(number, "free")]


def test_an_answer_to_somebody_who_blocked_us_waits_for_their_return(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx)
        number = post(tx, STATUS, report_id=5)
        [one] = went(tx, row)
        ends(tx, row, one, Gone("đã chặn"))
        assert (kept(tx, number).state, kept(tx, number).held) == ("queued", "window")


def test_a_reply_that_found_the_window_closed_is_said_within_its_day_or_never(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx)
        number = post(tx, CONVERSATION, valid_until=tx.now + DAY)
        [one] = went(tx, row)
        ends(tx, row, one, ending(-230, "", tx.now))
        assert (kept(tx, number).held, kept(tx, number).valid_until) == ("window", tx.now + DAY)
        assert holds(tx, number)


def test_a_last_word_to_somebody_we_have_forgotten_waits_for_nothing(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx)
        number = outbox.post(tx, Delivery(account_id=row.id or 0, chat="gone", lane=CONVERSATION, due_at=tx.now,
                                          letter_id=1, created_at=tx.now)).id or 0  # fmt: skip
        [one] = went(tx, row)
        ends(tx, row, one, ending(-230, "", tx.now))
        assert kept(tx, number).state == "never"


def test_a_report_that_the_source_system_refuses_ends(database: Database) -> None:
    with database.transaction() as tx:
        row = account(tx)
        tx.put(
            Delivery(account_id=row.id or 0, chat="PA-1", lane=STATUS, due_at=tx.now, report_id=5, created_at=tx.now)
        )
        [one] = went(tx, row)
        assert follows(one, Never("sai mã xã"))["state"] == "never"


def test_an_emergency_whose_recording_cannot_go_was_read_all_the_same(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx)
        number = post(tx, EMERGENCY, parts_done=1, message_id="m1")
        [one] = went(tx, row)
        ends(tx, row, one, Never("tệp đính kèm không còn"), VOICE)
        found = kept(tx, number)
        assert (found.state, found.sent_at, found.why) == ("sent", tx.now, "tệp đính kèm không còn")


def test_the_rest_of_a_text_that_is_refused_is_missed(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx)
        number = post(tx, EMERGENCY, parts_done=1)
        [one] = went(tx, row)
        ends(tx, row, one, Never("tin dài quá"))
        assert kept(tx, number).state == "never"


LATE: dict[str, tuple[dict[str, Any], str]] = {
    "never tried": ({}, "expired"),
    "a second copy": ({"resent": True, "first_at": 5}, "unknown"),
    "the rest of a letter": ({"parts_done": 1}, "unknown"),
}


@pytest.mark.parametrize("label", LATE)
def test_what_is_too_late_may_have_come_when_a_part_of_it_went(database: Database, label: str) -> None:
    values, state = LATE[label]
    with database.transaction() as tx:
        row = oa(tx)
        post(tx, EMERGENCY, **values)
        assert late(went(tx, row)[0])["state"] == state
