"""The record that goes up to the source system."""

from bot.outlets import canonical
from content.units import Gazetteer
from storage import Database, Transaction, reports
from storage.reports import Report


def _filed(tx: Transaction) -> Report:
    return reports.file(tx, commune="03328", kind="scene", category="works", text_sealed=tx.vault.seal("Cột điện đổ"))


def test_what_the_sender_told_before_it_left_is_in_it(database: Database) -> None:
    with database.transaction() as tx:
        report = _filed(tx)
        reports.note(tx, report, "addition", text_sealed=tx.vault.seal("dây chạm mái nhà"))
        reports.note(tx, report, "addition")  # a photo alone
        record = canonical(tx, report, Gazetteer.load().commune, 0)
    first, more = record["noi_dung"].split("\n")
    assert first == "Cột điện đổ"
    assert more.startswith("Nói thêm lúc ")
    assert more.endswith(": dây chạm mái nhà")
    assert record["tieu_de"] == "Cột điện đổ"
