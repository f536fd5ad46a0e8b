"""Forms of the FAQ: kept as long as an entry names them, whatever becomes of the same file sent by a citizen."""

from storage import Database, backups, faq, media

SHA, OTHER = "ab" * 32, "cd" * 32
ENTRY = {"id": "a", "question": "Hỏi?", "answer": "Đáp.", "attachments": [{"sha": SHA, "name": "Tờ khai", "size": 9}]}


def test_a_file_that_an_entry_names_is_no_orphan(database: Database) -> None:
    with database.transaction() as tx:
        faq.put(tx, ENTRY)
        for sha in (SHA, OTHER):
            row = media.want(tx, 1, "file", "ref", "application/pdf", 0)
            media.arrived(tx, row.id or 0, sha, "application/pdf", 9)
    with database.transaction() as tx:
        assert media.orphans(tx, tx.now + 1) == [OTHER]
        assert [media.is_wanted(tx, sha) for sha in (SHA, OTHER)] == [True, False]


def test_an_entry_that_was_taken_out_still_holds_its_form(database: Database) -> None:
    with database.transaction() as tx:
        faq.put(tx, ENTRY)
        faq.remove(tx, "a")
        assert faq.holds(tx, [SHA, OTHER]) == {SHA}


def test_a_backup_has_the_forms_each_once(database: Database) -> None:
    with database.transaction() as tx:
        faq.put(tx, ENTRY)
        faq.put(tx, {**ENTRY, "id": "b"})
        row = media.want(tx, 1, "file", "ref", "application/pdf", 0)
        media.arrived(tx, row.id or 0, OTHER, "application/pdf", 9)
    with database.transaction() as tx:
        assert sorted(backups.files(tx.session.connection())) == [SHA, OTHER]
