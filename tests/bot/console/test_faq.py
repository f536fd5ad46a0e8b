"""The FAQ page: common entries, a commune's own copy, open questions."""

import pytest

from bot import knowledge
from storage import faq
from tests.bot.console.world import HERE, THERE, Client, World, send, sign_in, text_of

ENTRY = {"question": "Trạm y tế mở lúc nào?", "answer": "Từ 7 giờ.", "source": "Thông báo 12/TB", "status": "served",
         "reviewed_at": "2026-11-01"}  # fmt: skip


async def entries(world: World) -> dict[str, dict[str, object]]:
    return {one["id"]: one for one in await world.work.read(faq.entries)}


async def test_a_commune_adds_an_entry_of_its_own_and_the_bot_knows_it(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    await send(client, "/console/faq/new", **ENTRY, alternatives="trạm xá mở mấy giờ\n\nkhám lúc nào")
    (one,) = (await entries(world)).values()
    assert (one["commune"], one["alternatives"]) == (HERE, ["trạm xá mở mấy giờ", "khám lúc nào"])
    know = world.context.know
    await world.work.read(lambda tx: knowledge.refresh(tx, know))
    assert know.entry(str(one["id"])) is not None
    await send(client, f"/console/faq/{one['id']}", **{**ENTRY, "answer": "Từ 8 giờ."})
    assert [row["answer"] for row in (await entries(world)).values()] == ["Từ 8 giờ."]


async def test_a_commune_changing_a_common_entry_makes_its_own_copy(client: Client, world: World) -> None:
    await world.work.write(lambda tx: faq.put(tx, {"id": "chung", **ENTRY, "keywords": ["trạm"]}))
    await sign_in(client, "lan")
    assert "câu chung không đổi" in await text_of(client, "/console/faq/chung")
    await send(client, "/console/faq/chung", **{**ENTRY, "answer": "Ở xã này từ 8 giờ."})
    kept = await entries(world)
    assert kept["chung"]["answer"] == "Từ 7 giờ."
    assert kept[f"chung-{HERE}"]["answer"] == "Ở xã này từ 8 giờ."
    assert kept[f"chung-{HERE}"]["keywords"] == ["trạm"]
    await send(client, "/console/sign-out")
    await sign_in(client, "xa")
    assert f"chung-{HERE}" not in await text_of(client, "/console/faq")
    await text_of(client, f"/console/faq/chung-{HERE}", 404)
    await send(client, f"/console/faq/chung-{HERE}", 404, **ENTRY)


async def test_the_province_changes_the_common_entry(client: Client, world: World) -> None:
    await world.work.write(lambda tx: faq.put(tx, {"id": "chung", **ENTRY}))
    await sign_in(client, "tinh")
    await send(client, "/console/faq/chung", **{**ENTRY, "answer": "Từ 6 giờ."})
    assert [one["answer"] for one in (await entries(world)).values()] == ["Từ 6 giờ."]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [({"answer": ""}, "Phải có câu hỏi"), ({"source": ""}, "phải ghi nguồn"), ({"reviewed_at": ""}, "phải ghi nguồn"),
     ({"reviewed_at": "hôm qua"}, "Ngày chưa đúng")],
)  # fmt: skip
async def test_an_entry_nobody_can_trust_is_refused(
    client: Client, world: World, changed: dict[str, str], sentence: str
) -> None:
    await sign_in(client, "lan")
    assert sentence in await send(client, "/console/faq/new", 400, **{**ENTRY, **changed})
    assert await entries(world) == {}


async def test_open_questions_are_quoted_answered_and_forgotten(client: Client, world: World) -> None:
    await world.work.write(lambda tx: faq.unanswered(tx, "Làm <i>tạm trú</i> ở đâu?", HERE, ""))
    await world.work.write(lambda tx: faq.unanswered(tx, "Câu của xã khác", THERE, ""))
    await sign_in(client, "lan")
    page = await text_of(client, "/console/faq")
    assert "<q>Làm &lt;i&gt;tạm trú&lt;/i&gt; ở đâu?</q>" in page
    assert "Câu của xã khác" not in page
    assert "tạm trú" in await text_of(client, "/console/faq/new?question=1")
    for where in ("/console/faq/new?question=2", "/console/faq/new?question=²"):
        await text_of(client, where, 404)
    await send(client, "/console/faq/questions/2", 404)
    assert "tạm trú" not in await send(client, "/console/faq/questions/1")
    assert len(await world.work.read(lambda tx: faq.open_questions(tx, ""))) == 1


async def test_the_search_takes_words_without_marks(client: Client, world: World) -> None:
    await world.work.write(lambda tx: faq.put(tx, {"id": "a", **ENTRY}))
    await sign_in(client, "lan")
    assert "Trạm y tế" in await text_of(client, "/console/faq?q=tram+y+te")
    assert "Không có câu nào chứa" in await text_of(client, "/console/faq?q=khai+sinh")
