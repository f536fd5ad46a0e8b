"""An emergency in force that could not be told is told at the first chance, once."""

from collections.abc import Callable

import pytest
from sqlmodel import col, update

from storage import Transaction
from storage.citizens import Address
from storage.outbox import Delivery
from tests.handlers.stage import Stage, Villager


def _refused(tx: Transaction) -> None:
    """Zalo refuses it because the window is closed, as `bot.consequences` writes it down."""
    tx.session.execute(update(Delivery).where(col(Delivery.announcement_id).is_not(None)).values(state="never"))
    tx.session.execute(update(Address).values(holds=True))


def _blocked(tx: Transaction) -> None:
    tx.session.execute(update(Delivery).where(col(Delivery.announcement_id).is_not(None)).values(state="gone"))
    tx.session.execute(update(Address).values(gone_at=tx.now))


MISSED = {"the window was closed": _refused, "they had blocked the account": _blocked}


@pytest.mark.parametrize("missed", MISSED.values(), ids=MISSED.keys())
def test_it_is_the_first_thing_said_when_they_write_again(
    stage: Stage, hoa: Villager, missed: Callable[[Transaction], None]
) -> None:
    stage.publish("LŨ QUÉT bản Tâu")
    stage.do(missed)
    assert "LŨ QUÉT" in hoa.say("xin chào")[0]
    assert [one.state for one in stage.rows(Delivery) if one.announcement_id] == ["sent"]
    assert not any("LŨ QUÉT" in one for one in hoa.say("xin chào"))


def test_who_was_away_when_it_was_published_is_told_on_their_return(stage: Stage, hoa: Villager) -> None:
    hoa.unfollow()
    stage.publish("LŨ QUÉT bản Tâu")
    assert hoa.arrives() == []
    assert "LŨ QUÉT" in hoa.follow()[0]


def test_who_stopped_while_it_was_queued_and_comes_back_is_told(stage: Stage, hoa: Villager) -> None:
    stage.publish("LŨ QUÉT bản Tâu")
    hoa.say("ngừng")
    assert "LŨ QUÉT" in hoa.say("nhận lại như cũ")[0]


def test_who_stopped_stays_in_peace(stage: Stage, hoa: Villager) -> None:
    hoa.say("ngừng")
    hoa.unfollow()
    stage.publish("LŨ QUÉT bản Tâu")
    assert not any("LŨ QUÉT" in one for one in hoa.say("xin chào"))
