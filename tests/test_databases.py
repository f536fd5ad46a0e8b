"""What tests share must be as new: no row, no number and no changed table of one test is seen by the next."""

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.databases import Spare, connected

pytestmark = pytest.mark.postgres


def used(spare: Spare, server: str, *sentences: str) -> tuple[str, str]:
    """The name of a database in which something was done, and of the one that is lent next."""
    name = spare.take()
    with connected(server.format(name)) as connection:
        for one in sentences:
            connection.execute(text(one))
    spare.give_back(name)
    return name, spare.take()


def test_what_was_written_is_gone_and_numbers_begin_anew(postgres_server: str, postgres_spare: Spare) -> None:
    lease = "INSERT INTO lease (name, owner, epoch, until) VALUES ('a', 'b', 1, 1)"
    first, second = used(postgres_spare, postgres_server, lease, "SELECT nextval('citizen_id_seq')")
    assert first == second
    with connected(postgres_server.format(second)) as connection:
        assert connection.execute(text("SELECT count(*) FROM lease")).scalar() == 0
        assert connection.execute(text("SELECT nextval('citizen_id_seq')")).scalar() == 1


CHANGES = {
    "a column": "ALTER TABLE lease ADD COLUMN more text",
    "a table": "CREATE TABLE more (id int)",
    "an index": "DROP INDEX ix_delivery_due",
    "a check": "ALTER TABLE delivery DROP CONSTRAINT ck_delivery_state",
    "a version": "UPDATE alembic_version SET version_num = '0001'",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_one_whose_tables_were_changed_is_not_lent_again(
    postgres_server: str, postgres_spare: Spare, change: str
) -> None:
    first, second = used(postgres_spare, postgres_server, change)
    assert first != second


def test_one_that_somebody_holds_on_to_is_freed(postgres_server: str, postgres_spare: Spare) -> None:
    name = postgres_spare.take()
    with suppress(OperationalError), connected(postgres_server.format(name)) as held:
        held.execute(text("BEGIN"))
        held.execute(text("LOCK TABLE lease"))
        postgres_spare.give_back(name)
    assert postgres_spare.take() == name
