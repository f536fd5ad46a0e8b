"""Reports: who sees which, the sender behind a button, answers, files, and whether an answer arrived."""

import pytest

from storage import Transaction, audit, media, outbox, reports
from storage.reports import Report
from tests.bot.console.world import HERE, THERE, Client, World, report, send, sign_in, text_of

JPEG = b"\xff\xd8\xff\xe0" + b"a photo" * 200


def row_of(world: World, code: str) -> Report:
    with world.work.database.transaction() as tx:
        row = reports.coded(tx, code)
        assert row is not None
        return row


async def test_the_list_shows_what_waits_and_the_page_quotes_the_citizen(client: Client, world: World) -> None:
    code = await world.work.write(lambda tx: report(tx, words="<b>UBND xã thông báo</b>: nhận tiền"))
    await sign_in(client, "lan")
    listed = await text_of(client, "/console/reports")
    assert code in listed
    page = await text_of(client, f"/console/reports/{code}")
    for shown in (listed, page):
        assert "<b>UBND" not in shown
        assert "&lt;b&gt;UBND xã thông báo&lt;/b&gt;" in shown
    assert '<blockquote class="citizen">&lt;b&gt;' in page


async def test_a_commune_sees_its_own_reports_and_none_meant_for_the_province(client: Client, world: World) -> None:
    own = await world.work.write(report)
    others = await world.work.write(lambda tx: report(tx, THERE))
    above = await world.work.write(lambda tx: report(tx, HERE, to_province=True))
    await sign_in(client, "lan")
    listed = await text_of(client, "/console/reports?all=1")
    assert [code in listed for code in (own, others, above)] == [True, False, False]
    for code in (others, above):
        await text_of(client, f"/console/reports/{code}", 404)
        await send(client, f"/console/reports/{code}", 404, state="received")
        await send(client, f"/console/reports/{code}/sender", 404)
    assert "<b>1</b> phản ánh chờ trả lời" in await text_of(client, "/console")
    await send(client, "/console/sign-out")
    await sign_in(client, "tinh")
    listed = await text_of(client, "/console/reports")
    assert all(code in listed for code in (own, others, above))
    assert "<b>3</b> phản ánh chờ trả lời" in await text_of(client, "/console")


async def test_the_sender_is_masked_until_somebody_asks_and_that_is_written_down(client: Client, world: World) -> None:
    code = await world.work.write(report)
    await sign_in(client, "lan")
    page = await text_of(client, f"/console/reports/{code}")
    assert "Giàng" not in page
    assert "0912345678" not in page
    assert "•••678" in page
    shown = await send(client, f"/console/reports/{code}/sender")
    assert "<q>Giàng A Páo</q>" in shown
    assert "0912345678" in shown
    newest = (await world.work.read(audit.latest))[0]
    assert (newest.action, newest.subject, newest.detail) == ("report.sender_shown", code, "")


async def test_an_answer_is_left_for_the_citizen_and_the_official_sees_whether_it_arrived(
    client: Client, world: World
) -> None:
    code = await world.work.write(report)
    await sign_in(client, "lan")
    page = await send(client, f"/console/reports/{code}", state="answered", text="Điện lực đã dựng lại cột.")
    assert "Điện lực đã dựng lại cột." in page
    assert "chưa tới tay dân: đang chờ gửi" in page
    assert row_of(world, code).state == "answered"
    assert "chưa tới tay dân" in await text_of(client, "/console/reports?all=1")

    def hold(tx: Transaction) -> None:
        outbox.of_report(tx, row_of(world, code).id or 0)[-1].held = "window"

    await world.work.write(hold)
    assert "chưa tới tay dân: Zalo chỉ cho gửi khi bà con nhắn lại" in await text_of(client, f"/console/reports/{code}")

    def arrive(tx: Transaction) -> None:
        outbox.of_report(tx, row_of(world, code).id or 0)[-1].state = "sent"

    await world.work.write(arrive)
    assert "đã tới tay dân" in await text_of(client, f"/console/reports/{code}")
    assert code not in await text_of(client, "/console/reports")


async def test_pressing_twice_tells_the_citizen_once(client: Client, world: World) -> None:
    code = await world.work.write(report)
    await sign_in(client, "lan")
    for form in ({"state": "received"}, {"state": "answered", "text": "Đã xong."}):
        for _ in range(2):
            await send(client, f"/console/reports/{code}", **form)
    told = await world.work.read(lambda tx: len(outbox.of_report(tx, row_of(world, code).id or 0)))
    assert told == 2


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"state": "answered", "text": " "}, "Phải viết lời"),
        ({"state": "refused"}, "Phải viết lời"),
        ({"state": "more"}, "Phải viết lời"),
        ({"state": "closed", "text": "x"}, "Chưa chọn việc"),
        ({"text": "x"}, "Chưa chọn việc"),
        ({"state": "answered", "text": "a" * 3001}, "dài quá"),
    ],
    ids=["empty answer", "refusal without a reason", "nothing asked", "not ours to set", "no state", "too long"],
)
async def test_an_answer_that_is_none_is_refused_and_not_lost(
    client: Client, world: World, form: dict[str, str], sentence: str
) -> None:
    code = await world.work.write(report)
    await sign_in(client, "lan")
    page = await send(client, f"/console/reports/{code}", 400, **form)
    assert sentence in page
    assert form.get("text", "").strip() in page
    assert row_of(world, code).state == "filed"


async def test_a_danger_nobody_has_taken_stands_first_on_the_first_page(client: Client, world: World) -> None:
    code = await world.work.write(lambda tx: report(tx, danger=True))
    await sign_in(client, "lan")
    assert "Có người báo nguy hiểm" in await text_of(client, "/console")
    await send(client, f"/console/reports/{code}", state="received")
    assert "Có người báo nguy hiểm" not in await text_of(client, "/console")


async def test_files_are_shown_to_those_who_see_the_report_and_to_nobody_else(client: Client, world: World) -> None:
    code = await world.work.write(report)

    def attach(tx: Transaction, content: bytes, mime: str) -> int:
        row = media.want(tx, 1, "image", "ref", mime, 0)
        media.attach(tx, [row.id or 0], row_of_tx(tx, code))
        media.arrived(tx, row.id or 0, world.context.store.keep(content), mime, len(content))
        return row.id or 0

    photo = await world.work.write(lambda tx: attach(tx, JPEG, "image/jpeg"))
    page = await world.work.write(lambda tx: attach(tx, b"<script>alert(1)</script>", "image/jpeg"))
    async with client.get(f"/console/reports/{code}/files/{photo}", allow_redirects=False) as response:
        assert response.status == 303
    await sign_in(client, "lan")
    async with client.get(f"/console/reports/{code}/files/{photo}") as response:
        assert (response.status, response.content_type) == (200, "image/jpeg")
        assert await response.read() == JPEG
    async with client.get(f"/console/reports/{code}/files/{page}") as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"
        assert "sandbox" in response.headers["Content-Security-Policy"]
    other = await world.work.write(report)
    await text_of(client, f"/console/reports/{other}/files/{photo}", 404)
    await send(client, "/console/sign-out")
    await sign_in(client, "xa")
    await text_of(client, f"/console/reports/{code}/files/{photo}", 404)


def row_of_tx(tx: Transaction, code: str) -> int:
    row = reports.coded(tx, code)
    assert row is not None
    return row.id or 0


async def test_older_reports_are_on_the_next_page(client: Client, world: World) -> None:
    codes = await world.work.write(lambda tx: [report(tx) for _ in range(51)])
    await sign_in(client, "lan")
    first = await text_of(client, "/console/reports")
    assert codes[0] not in first
    second = await text_of(client, "/console/reports?before=2")
    assert codes[0] in second
    assert codes[1] not in second
    for odd in ("x", "-1", "²", "9" * 40):
        await text_of(client, f"/console/reports?before={odd}")


async def test_what_comes_after_the_source_system_had_it_is_marked(client: Client, world: World) -> None:
    code = await world.work.write(report)

    def tell(tx: Transaction, words: str) -> None:
        row = reports.coded(tx, code)
        assert row is not None
        reports.note(tx, row, "addition", text_sealed=tx.vault.seal(words))
        reports.named(tx, row)

    await world.work.write(lambda tx: tell(tx, "nói sớm"))
    number = row_of(world, code).id or 0
    await world.work.write(lambda tx: reports.forwarded(tx, number, "TTN-1"))
    await world.work.write(lambda tx: tell(tx, "nói muộn"))
    await sign_in(client, "lan")
    early, _, late = (await text_of(client, f"/console/reports/{code}")).partition("Đã chuyển sang Hệ thống")
    assert "nói sớm" in early
    assert "bên đó chưa có điều này" not in early
    assert "nói muộn" in late
    assert "Người gửi cho biết mình là ai" in late
    assert late.count("bên đó chưa có điều này") == 2
