"""A message of the OA that we did not send was written by a person: the dialogue keeps out of their way."""

from bot.webhooks import TAKEOVER_MS, _pause_if_foreign
from content.texts import Texts
from handlers import post
from storage import Database, Transaction, accounts, citizens
from tests.storage.people import account

CHAT = "2512523625412515"


def met(tx: Transaction) -> int:
    """Somebody who wrote to the OA; the account they write to."""
    number = account(tx, "zalo_oa").id or 0
    citizens.meet(tx, number, CHAT)
    return number


def paused_until(tx: Transaction, number: int) -> int:
    found = citizens.known(tx, number, CHAT)
    assert found is not None
    return found[1].paused_until


def test_a_stranger_to_the_ledger_pauses_the_dialogue(database: Database) -> None:
    with database.transaction() as tx:
        number = met(tx)
        assert _pause_if_foreign(tx, number, "not-ours", CHAT)
        assert paused_until(tx, number) == tx.now + TAKEOVER_MS


def test_whoever_comes_back_right_after_an_erasure_is_not_met_with_silence(database: Database) -> None:
    with database.transaction() as tx:
        number = met(tx)
        oa = accounts.of(tx, number)
        assert oa is not None
        post.farewell(tx, oa, CHAT, Texts.load().say("vi", "privacy.erased"))
        assert not _pause_if_foreign(tx, number, "said-before", CHAT)
        assert paused_until(tx, number) == 0
