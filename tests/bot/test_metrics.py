"""What Prometheus reads: how much on which channel and how it ended, nothing of anybody."""

import re

from tests.stage import Deployment


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
