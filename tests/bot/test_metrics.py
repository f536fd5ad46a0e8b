"""What Prometheus reads: how much on which channel and how it ended, nothing of anybody."""

import re

from prometheus_client import generate_latest

from bot import metrics
from storage import Database
from storage.outbox import EMERGENCY, ROUTINE, Delivery
from tests.stage import Deployment
from tests.storage.people import account


def counted(page: str, line: str) -> float:
    found = re.search(rf"^{re.escape(line)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_what_is_heard_ended_and_queued_is_counted_by_channel_alone(deployment: Deployment) -> None:
    before = (await deployment.get("/metrics"))[1]
    hoa = await deployment.phone("zalo_oa", "Chị Hoa Ban")
    await hoa.open_link()
    await deployment.quiet()
    status, page = await deployment.get("/metrics")
    assert status == 200
    for line in ('heard_total{channel="zalo_oa"}', 'ended_total{channel="zalo_oa",ending="sent"}'):
        assert counted(page, line) > counted(before, line), line
    assert 'queued{channel="telegram"} 0.0' in page
    assert "Hoa" not in page
    assert hoa.id not in page


def test_the_queue_is_measured_by_channel_and_by_lane_and_what_was_too_late_is_counted(database: Database) -> None:
    with database.transaction() as tx:
        for lane, state in ((EMERGENCY, "queued"), (ROUTINE, "queued"), (ROUTINE, "queued"), (ROUTINE, "sent")):
            tx.put(Delivery(account_id=account(tx).id or 0, chat="a", lane=lane, state=state, due_at=0, created_at=0))
        account(tx, "zalo_oa")
    before = counted(generate_latest().decode(), "expired_total")
    metrics.expired(7)
    with database.reading() as tx:
        metrics.measure(tx)
    page = generate_latest().decode()
    wanted = {'queued{channel="telegram"}': 3, 'queued_in_lane{lane="emergency"}': 1, 'queued_in_lane{lane="retry"}': 0,
              'queued_in_lane{lane="routine"}': 2, "expired_total": before + 7}  # fmt: skip
    assert {line: counted(page, line) for line in wanted} == wanted
    assert 'queued{channel="zalo_oa"} 0.0' in page
