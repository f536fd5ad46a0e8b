"""A connection that died while it rested is noticed before anything is asked of it."""

import pytest
from sqlalchemy import text

from storage import Database
from storage import database as connecting


@pytest.mark.postgres
@pytest.mark.parametrize("rested", [pytest.param(0.0, id="noticed"), pytest.param(60.0, id="not asked in work")])
def test_a_connection_that_died_at_rest_is_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch, rested: float
) -> None:
    monkeypatch.setattr(connecting, "RESTED", rested)
    with database.engine.connect() as one, database.engine.connect() as other:
        victim = one.scalar(text("SELECT pg_backend_pid()"))
        other.rollback()
        one.close()
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": victim})
        other.commit()
        if rested:
            with pytest.raises(Exception, match=r"terminat|closed"):
                database.ping()
        database.ping()
