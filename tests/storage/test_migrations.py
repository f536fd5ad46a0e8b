"""The tables that the migrations make are those that the models describe."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from storage import Vault, metadata
from storage.database import connect
from storage.migrate import current, newest, upgrade, upgrade_to
from storage.rekey import sealed_tables


def test_migrations_match_the_models(empty_url: str) -> None:
    engine = connect(empty_url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_an_empty_database_is_brought_up_to_date_and_a_new_one_is_left_alone(empty_url: str) -> None:
    engine = connect(empty_url)
    assert current(engine) is None
    upgrade(engine)
    assert current(engine) == newest()
    upgrade(engine)
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_two_processes_that_start_at_once_make_the_tables_once(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        return  # SQLite has one process

    def start(_: int) -> str | None:
        engine = connect(empty_url)
        upgrade(engine)
        found = current(engine)
        engine.dispose()
        return found

    with ThreadPoolExecutor(3) as processes:
        assert list(processes.map(start, range(3))) == [newest()] * 3


def test_what_is_sealed_can_be_sealed_again(database_url: str, vault: Vault) -> None:
    names = {f"{table.name}.{column.name}" for table, columns in sealed_tables() for column in columns}
    assert {"account.secrets_sealed", "report.text_sealed", "inbox.payload_sealed", "letter.parts_sealed"} <= names
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    assert engine.dialect.name in ("sqlite", "postgresql")
    engine.dispose()
    assert vault.newest


DELIVERY = (
    "INSERT INTO delivery (chat, lane, state, attempts, account_id, address_id, held, due_at, parts_done, claimed_by,"
    " claimed_at, sent_at, message_id, why, resent, answered, announcement_id, commune, created_at)"
    " VALUES (:chat, :lane, :state, :attempts, 1, 1, '', 0, 0, '', 0, 0, '', '', :no, :no, NULL, '03328', 1)"
)
# chat, lane in the first tables, state, attempts → lane now
LANES = [
    ("an emergency", 0, "queued", 0, 0),
    ("an emergency tried before", 0, "queued", 1, 2),
    ("an emergency that was told", 0, "sent", 1, 0),
    ("an answer", 1, "queued", 0, 1),
    ("news of a report", 2, "queued", 0, 3),
    ("priority news", 3, "queued", 0, 4),
    ("routine news", 4, "claimed", 1, 5),
]
CITIZEN = (
    "INSERT INTO citizen (language, created_at, consent_version, consented_at, stopped_at, emergency_only,"
    " name_sealed, phone_sealed, hamlet) VALUES ('vi', 1, 1, 1, 0, :no, '', '', '')"
)


def test_the_rows_of_the_first_tables_keep_their_meaning(empty_url: str) -> None:
    engine = connect(empty_url)
    with engine.begin() as connection:
        upgrade_to(connection, "0001")
        for chat, lane, state, attempts, _ in LANES:
            asked = {"chat": chat, "lane": lane, "state": state, "attempts": attempts, "no": False}
            connection.execute(text(DELIVERY), asked)
        for _ in range(2):
            connection.execute(text(CITIZEN), {"no": False})
    upgrade(engine)
    with engine.begin() as connection:
        found = connection.execute(text("SELECT chat, lane FROM delivery")).all()
        assert {row[0]: row[1] for row in found} == {chat: now for chat, *_, now in LANES}
        assert connection.execute(text("SELECT quiet_from FROM citizen")).scalars().all() == [-1, -1]
    engine.dispose()


def test_an_id_is_never_given_out_again_after_the_tables_were_changed(empty_url: str) -> None:
    engine = connect(empty_url)
    with engine.begin() as connection:
        upgrade_to(connection, "0001")
        connection.execute(text(CITIZEN), {"no": False})
        connection.execute(text("DELETE FROM citizen"))
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text(CITIZEN), {"no": False})
        assert connection.execute(text("SELECT id FROM citizen")).scalar() == 2
    engine.dispose()


@pytest.mark.parametrize("wrong", ["state = 'lost'", "held = 'forever'", "route = 'pigeon'"])
def test_the_changed_tables_still_refuse_words_that_are_none(database_url: str, wrong: str) -> None:
    engine = connect(database_url)
    row = DELIVERY.replace("claimed_by,", "epoch, first_at, route, once, hamlet_key,")
    row = row.replace("0, 0, '', 0, 0, '', '',", "0, 0, 0, 0, '', :no, '', 0, 0, '', '',")
    with engine.begin() as connection:
        asked = {"chat": "1", "lane": 0, "state": "queued", "attempts": 0, "no": False}
        connection.execute(text(row), asked)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(f"UPDATE delivery SET {wrong}"))
    engine.dispose()


OPEN = "INSERT INTO unanswered (at, commune, text_sealed, nearest) VALUES (:at, '03328', 'sealed', 'a')"
ENTRY = "INSERT INTO faq_entry (id, commune, data, deleted, version) VALUES (:id, :commune, :data, :no, 1)"


def test_open_questions_become_groups_and_copies_say_what_they_replace(empty_url: str) -> None:
    engine = connect(empty_url)
    with engine.begin() as connection:
        upgrade_to(connection, "0002")
        for at in (5, 6):
            connection.execute(text(OPEN), {"at": at})
        for id, commune in (("chung", ""), ("chung-03328", "03328"), ("rieng-x1", "03328")):
            row = {"id": id, "commune": commune, "data": json.dumps({"id": id, "question": "Hỏi?"}), "no": False}
            connection.execute(text(ENTRY), row)
    upgrade(engine)
    with engine.begin() as connection:
        groups = connection.execute(text("SELECT id, commune, nearest, times, last_at FROM unanswered_group")).all()
        assert [tuple(one) for one in groups] == [(1, "03328", "a", 1, 5), (2, "03328", "a", 1, 6)]
        assert connection.execute(text("SELECT group_id FROM unanswered ORDER BY id")).scalars().all() == [1, 2]
        entries = connection.execute(text("SELECT id, data FROM faq_entry")).all()
        assert {row[0]: json.loads(row[1]).get("overrides") for row in entries} == {
            "chung": None, "chung-03328": "chung", "rieng-x1": None}  # fmt: skip
        new = "INSERT INTO unanswered_group (commune, terms, nearest, times, last_at) VALUES ('', '', '', 1, 7)"
        connection.execute(text(new))
        assert connection.execute(text("SELECT max(id) FROM unanswered_group")).scalar() == 3
    engine.dispose()
