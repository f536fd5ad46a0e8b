"""Before it goes out, the writer sees by which way people get it, what that costs, and when the last one has it."""

import json

import pytest
from aiohttp.test_utils import TestServer

from storage import Transaction, accounts, groups
from tests.bot.console.test_announcements import EMERGENCY, ROUTINE, press, write
from tests.bot.console.world import HERE, Client, World, send, sign_in, text_of, villager


def silent(tx: Transaction, days: int) -> None:
    """Somebody on Zalo who has not written for so many days."""
    villager(tx, "zalo_oa", HERE).heard_at = tx.now - days * 24 * 3_600_000


def agree(tx: Transaction, **terms: str) -> None:
    """What the OA may spend."""
    for row in accounts.every(tx):
        if row.channel == "zalo_oa":
            row.settings = json.dumps({"terms": terms})
            tx.session.add(row)


async def preview(client: Client, **form: str) -> str:
    await sign_in(client, "lan")
    return await text_of(client, f"/console/announcements/{await write(client, **form)}")


async def test_it_counts_who_is_out_of_reach_on_zalo(client: Client, world: World) -> None:
    with world.work.database.transaction() as tx:
        silent(tx, 3)
        silent(tx, 9)
    page = await preview(client, **ROUTINE)
    assert "không nhận được: quá 48 giờ chưa nhắn" in page
    assert "không nhận được: quá 7 ngày chưa nhắn cho kênh" in page
    assert "<strong>4 người</strong> kênh không gửi riêng ngay được" in page


async def test_it_says_who_has_no_room_in_the_group_of_their_hamlet(client: Client, world: World) -> None:
    with world.work.database.transaction() as tx:
        for _ in range(2):
            silent(tx, 9)
        number = next(row.id or 0 for row in accounts.every(tx) if row.channel == "zalo_oa")
        groups.keep(tx, number, "g1", "", HERE, "", 1)
    page = await preview(client, **ROUTINE)
    assert "1 người chỉ thấy ở nhóm thôn hoặc bài chung" in page
    assert "người không nhận được: nhóm của thôn không đủ chỗ cho mọi người" in page


async def test_it_tells_the_cost_and_what_is_left(client: Client, world: World) -> None:
    with world.work.database.transaction() as tx:
        silent(tx, 3)
        agree(tx, spend="yes", paid_price="55", paid_per_month="10")
    page = await preview(client, **ROUTINE)
    assert "<strong>55 đồng</strong>" in page
    assert "Sau đó tháng này còn 9 tin trả tiền" in page


async def test_a_slow_emergency_says_start_the_loudspeakers_now(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World(tmp_path_factory.mktemp("slow"), zalo_oa_per_minute=1)
    with world.work.database.transaction() as tx:
        for _ in range(60):
            silent(tx, 0)
    async with Client(TestServer(world.app())) as client:
        page = await preview(client, **EMERGENCY)
    world.close()
    assert "phát loa và báo nhóm các thôn, bản ngay bây giờ" in page
    assert "Người cuối cùng nhận sau khoảng 1 giờ" in page


async def test_the_article_goes_only_where_the_official_chose_it(client: Client, world: World) -> None:
    with world.work.database.transaction() as tx:
        agree(tx, article="a1")
        for row in accounts.every(tx):
            row.commune = HERE
            tx.session.add(row)
    await sign_in(client, "lan")
    codes = [await write(client, **ROUTINE) for _ in range(2)]
    page = await text_of(client, f"/console/announcements/{codes[0]}")
    assert "Gửi thêm bài chung" in page
    assert "Bài đã gửi thì không sửa, không rút lại được" in page
    await press(client, codes[0], "send")
    await send(client, f"/console/announcements/{codes[1]}/send", version="1", article="1")
    with world.work.database.transaction() as tx:
        from sqlalchemy import text

        rows = tx.session.execute(text("SELECT a.code FROM delivery d JOIN announcement a ON a.id = d.announcement_id"
                                       " WHERE d.route = 'article'")).scalars()  # fmt: skip
        assert list(rows) == [codes[1]]
