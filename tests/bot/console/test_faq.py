"""The FAQ page: common entries, a commune's own copy, open questions."""

import hashlib
import io
import re

import aiohttp
import pytest

from bot import knowledge
from content.news import asked
from storage import faq, unanswered
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
    assert know.faq.entry(str(one["id"]), HERE) is not None
    assert know.faq.entry(str(one["id"]), THERE) is None
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


async def ask(world: World, *questions: str, commune: str = HERE) -> None:
    """Questions that found no answer."""
    for one in questions:
        subject = asked(one).subject
        await world.work.write(lambda tx, one=one, of=subject: unanswered.keep(tx, one, commune, "", of))  # type: ignore[misc]


async def test_open_questions_are_quoted_answered_and_forgotten(client: Client, world: World) -> None:
    await ask(world, "Làm <i>tạm trú</i> ở đâu?")
    await ask(world, "Câu của xã khác", commune=THERE)
    await sign_in(client, "lan")
    page = await text_of(client, "/console/faq")
    assert "<q>Làm &lt;i&gt;tạm trú&lt;/i&gt; ở đâu?</q>" in page
    assert "Câu của xã khác" not in page
    assert "tạm trú" in await text_of(client, "/console/faq/new?group=1")
    for where in ("/console/faq/new?group=2", "/console/faq/new?group=²"):
        await text_of(client, where, 404)
    await send(client, "/console/faq/groups/2", 404)
    assert "tạm trú" not in await send(client, "/console/faq/groups/1")
    assert len(await world.work.read(lambda tx: unanswered.groups(tx, ""))) == 1


async def test_questions_that_are_alike_stand_together_and_are_dealt_with_together(
    client: Client, world: World
) -> None:
    await ask(world, "máy xay lúa hợp tác xã mở lúc nào", "mấy giờ mở máy xay lúa hợp tác xã", "phân bón giá rẻ")
    await sign_in(client, "lan")
    page = await text_of(client, "/console/faq")
    assert page.index("phân bón giá rẻ") < page.index("<q>mấy giờ mở máy xay lúa hợp tác xã</q>")
    assert "2 lần hỏi" in page
    form = await text_of(client, "/console/faq/new?group=1")
    assert 'value="mấy giờ mở máy xay lúa hợp tác xã"' in form
    assert "máy xay lúa hợp tác xã mở lúc nào</textarea>" in form
    assert 'name="group" value="1"' in form
    page = await send(client, "/console/faq/new", **ENTRY, group="1")
    assert "xay lúa" not in page
    assert "phân bón" in page


async def test_an_entry_that_is_refused_settles_nothing(client: Client, world: World) -> None:
    await ask(world, "máy xay lúa mở lúc nào")
    await sign_in(client, "lan")
    assert 'name="group" value="1"' in await send(client, "/console/faq/new", 400, **{**ENTRY, "answer": ""}, group="1")
    assert len(await world.work.read(lambda tx: unanswered.groups(tx, HERE))) == 1


async def test_a_commune_settles_no_other_communes_questions(client: Client, world: World) -> None:
    await ask(world, "Câu của xã khác", commune=THERE)
    await sign_in(client, "lan")
    await send(client, "/console/faq/new", **ENTRY, group="1")
    assert len(await world.work.read(lambda tx: unanswered.groups(tx, THERE))) == 1


async def test_what_has_expired_or_soon_will_is_shown_to_its_owner_where_they_look_first(
    client: Client, world: World
) -> None:
    for id, commune, until in (
        ("a", HERE, "2026-11-20"), ("b", HERE, "2026-12-20"), ("c", HERE, "2027-03-01"), ("d", THERE, "2026-11-01"),
        ("e", None, "2026-11-21"), ("f", None, "2026-11-20"),
    ):  # fmt: skip
        entry = {"id": id, **ENTRY, "question": f"Câu {id}?", "commune": commune, "valid_until": until}
        await world.work.write(lambda tx, one=entry: faq.put(tx, one))  # type: ignore[misc]
    await sign_in(client, "lan")
    assert "1 câu trả lời đã hết hạn" in await text_of(client, "/console")
    page = (await text_of(client, "/console/faq")).partition('id="chua-tra-loi"')[0]
    assert "hết hạn 20/11/2026" in page
    assert "dùng đến hết 20/12/2026" in page
    assert [f"Câu {id}?" in page for id in "abcdef"] == [True, True, False, False, False, False]
    world.ms += 30 * 24 * 3_600_000
    await sign_in(client, "lan")
    assert "2 câu trả lời đã hết hạn" in await text_of(client, "/console")
    await send(client, "/console/sign-out")
    await sign_in(client, "tinh")
    page = (await text_of(client, "/console/faq")).partition('id="chua-tra-loi"')[0]
    assert [f"Câu {id}?" in page for id in "abcdef"] == [False, False, False, False, True, True]


async def test_a_communes_own_stands_in_is_reached_by_the_common_ones_address_and_can_be_given_up(
    client: Client, world: World
) -> None:
    await world.work.write(lambda tx: faq.put(tx, {"id": "chung", **ENTRY, "alternatives": ["trạm xá"]}))
    await sign_in(client, "lan")
    await send(client, "/console/faq/chung", **{**ENTRY, "answer": "Từ 8 giờ."})
    kept = (await entries(world))[f"chung-{HERE}"]
    assert (kept["overrides"], kept["alternatives"]) == ("chung", ["trạm xá"])
    know = world.context.know
    await world.work.read(lambda tx: knowledge.refresh(tx, know))
    assert know.faq.entry("chung", HERE) is not know.faq.entry("chung", THERE)
    page = await text_of(client, "/console/faq")
    assert "thay câu chung" in page
    assert page.count("Trạm y tế mở lúc nào?") == 1
    assert "Từ 8 giờ." in await text_of(client, "/console/faq/chung")
    await send(client, "/console/faq/chung/remove")
    assert set(await entries(world)) == {"chung"}
    await send(client, "/console/faq/chung/remove", 403)


async def test_what_is_asked_next_is_chosen_by_its_words(client: Client, world: World) -> None:
    for id, question in (("a", "Lệ phí bao nhiêu?"), ("b", "Làm ở đâu?")):
        await world.work.write(lambda tx, one={"id": id, **ENTRY, "question": question}: faq.put(tx, one))  # type: ignore[misc]
    await sign_in(client, "lan")
    await send(client, "/console/faq/new", **ENTRY, next1="Lệ phí bao nhiêu?", next2="làm ở đâu?", next3="")
    (own,) = [one for one in (await entries(world)).values() if one.get("commune")]
    assert own["follow_ups"] == ["a", "b"]
    assert 'value="Lệ phí bao nhiêu?" list=' in await text_of(client, f"/console/faq/{own['id']}")
    page = await send(client, "/console/faq/new", 400, **ENTRY, next1="Câu không có?")
    assert "Chưa có câu “Câu không có?”" in page


PDF = b"%PDF-1.4\n" + b"x" * 2000
BAD_FILES = {
    "no file": (None, "Chưa chọn tệp"),
    "an empty file": (b"", "Tệp trống"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "không phải PDF"),
    "a script that is called a PDF": (b"<script>alert(1)</script>", "không phải PDF"),
    "too large": (b"%PDF-1.4" + b"x" * (5 * 1024 * 1024), "nặng quá 5 MB"),
    "much too large": (b"%PDF-1.4" + b"x" * (6 * 1024 * 1024), "nặng quá 5 MB"),
}


async def send_form(client: Client, where: str, content: bytes | None, name: str = "", status: int = 200) -> str:
    """Upload a form as the page would."""
    token = re.search(r'name="csrf" value="([^"]+)"', await text_of(client, "/console"))
    assert token is not None
    form = aiohttp.FormData({"csrf": token[1], "name": name}, quote_fields=False)
    if content is not None:
        form.add_field("form", io.BytesIO(content), filename="to khai <b>.pdf", content_type="application/pdf")
    async with client.post(where, data=form) as response:
        text = await response.text()
        assert response.status == status, text
        return text


async def test_a_form_is_kept_shown_and_taken_away(client: Client, world: World) -> None:
    await world.work.write(lambda tx: faq.put(tx, {"id": "chung", **ENTRY}))
    await sign_in(client, "tinh")
    page = await send_form(client, "/console/faq/chung/forms", PDF, "Tờ khai khai sinh")
    assert "Tờ khai khai sinh</a>" in page
    sha = hashlib.sha256(PDF).hexdigest()
    kept = (await entries(world))["chung"]["attachments"]
    assert kept == [{"sha": sha, "name": "Tờ khai khai sinh", "size": len(PDF)}]
    assert world.context.store.path(sha).read_bytes() == PDF
    async with client.get(f"/console/faq/chung/forms/{sha}") as response:
        assert (response.content_type, await response.read()) == ("application/pdf", PDF)
    await text_of(client, f"/console/faq/chung/forms/{'0' * 64}", 404)
    await send(client, f"/console/faq/chung/forms/{sha}/remove")
    assert (await entries(world))["chung"]["attachments"] == []


@pytest.mark.parametrize("what", BAD_FILES)
async def test_a_file_that_cannot_be_sent_is_refused_with_the_reason(client: Client, world: World, what: str) -> None:
    await world.work.write(lambda tx: faq.put(tx, {"id": "chung", **ENTRY}))
    await sign_in(client, "tinh")
    content, sentence = BAD_FILES[what]
    status = 413 if what == "much too large" else 400
    assert sentence in await send_form(client, "/console/faq/chung/forms", content, status=status)
    assert "attachments" not in (await entries(world))["chung"]


async def test_a_form_added_by_a_commune_makes_its_own_entry_and_three_are_enough(client: Client, world: World) -> None:
    await world.work.write(lambda tx: faq.put(tx, {"id": "chung", **ENTRY}))
    await sign_in(client, "lan")
    for n in range(3):
        await send_form(client, "/console/faq/chung/forms", PDF + bytes([n]))
    kept = await entries(world)
    assert "attachments" not in kept["chung"]
    assert [one["name"] for one in kept[f"chung-{HERE}"]["attachments"]] == ["to khai <b>"] * 3  # type: ignore[attr-defined]
    assert "nhiều nhất 3" in await send_form(client, "/console/faq/chung/forms", PDF + b"4", status=400)
    await send(client, "/console/sign-out")
    await sign_in(client, "xa")
    await send_form(client, f"/console/faq/chung-{HERE}/forms", PDF, status=404)


async def test_the_search_takes_words_without_marks(client: Client, world: World) -> None:
    await world.work.write(lambda tx: faq.put(tx, {"id": "a", **ENTRY}))
    await sign_in(client, "lan")
    assert "Trạm y tế" in await text_of(client, "/console/faq?q=tram+y+te")
    assert "Không có câu nào chứa" in await text_of(client, "/console/faq?q=khai+sinh")
