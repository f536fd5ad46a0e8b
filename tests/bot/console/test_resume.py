"""After a restore the first page says that nothing is sent; only the province lets it go on."""

import pytest
from sqlmodel import select

from storage import Transaction, pause
from storage.audit import Audit
from storage.outbox import Delivery
from tests.bot.console.world import Client, World, send, sign_in, text_of
from tests.storage.people import announcement

PAUSED, AGAIN = "Kênh đang tạm dừng gửi", "gửi lại cả những tin ấy"


def restored(tx: Transaction) -> None:
    """A pause, and one letter in force of which nobody knows whether it came."""
    pause.begin(tx, tx.now - 3_600_000)
    row = announcement(tx, status="published")
    tx.put(Delivery(letter_id=1, account_id=1, address_id=77, chat="c", lane=5, due_at=tx.now, created_at=tx.now,
                    announcement_id=row.id, state="unknown", why=pause.WHY))  # fmt: skip


def states(tx: Transaction) -> list[str]:
    return list(tx.session.exec(select(Delivery.state)).all())


@pytest.fixture
async def paused(world: World) -> World:
    await world.work.write(restored)
    return world


async def test_everybody_sees_it_and_the_commune_cannot_end_it(paused: World, client: Client) -> None:
    await sign_in(client, "lan")
    shown = await text_of(client, "/console")
    assert PAUSED in shown
    assert "8 giờ ngày 21/11" in shown
    assert "/console/resume" not in shown
    await send(client, "/console/resume", 403)
    assert await paused.work.read(pause.of) is not None


@pytest.mark.parametrize(("form", "state"), [({}, "unknown"), ({"missed": "1"}, "queued")])
async def test_the_province_ends_it_and_chooses_what_is_sent_again(
    paused: World, client: Client, form: dict[str, str], state: str
) -> None:
    await sign_in(client, "tinh")
    assert AGAIN in await text_of(client, "/console")
    assert PAUSED not in await send(client, "/console/resume", **form)
    assert await paused.work.read(pause.of) is None
    assert await paused.work.read(states) == [state]
    await send(client, "/console/resume", **form)  # pressed twice
    deeds = await paused.work.read(lambda tx: tx.session.exec(select(Audit).where(Audit.action == "resumed")).all())
    assert len(deeds) == 1


async def test_without_a_restore_nothing_is_said(client: Client) -> None:
    await sign_in(client, "tinh")
    assert PAUSED not in await text_of(client, "/console")
