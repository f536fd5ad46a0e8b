"""What a commune has decided for itself: when its people sleep."""

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlmodel import Field, SQLModel

from storage.transaction import Transaction

NIGHT_FROM, NIGHT_UNTIL = 21 * 60 + 30, 6 * 60  # minutes after midnight in Việt Nam
Hours = tuple[int, int]  # from, until
USUAL: Hours = (NIGHT_FROM, NIGHT_UNTIL)  # of a commune that has decided nothing


class CommuneRules(SQLModel, table=True):
    """A commune without a row keeps the defaults. Equal times mean: no quiet hours."""

    __tablename__ = "commune_rules"

    commune: str = Field(primary_key=True, max_length=5)
    quiet_from: int = NIGHT_FROM
    quiet_until: int = NIGHT_UNTIL


def hours(tx: Transaction, communes: Collection[str]) -> dict[str, Hours]:
    """commune → its quiet hours, of each of these."""
    if not communes:
        return {}
    own = {row[0]: (row[1], row[2]) for row in tx.run(_DECIDED, {"communes": list(communes)})}
    return {one: own.get(one, USUAL) for one in communes}


_RULES = CommuneRules.__table__  # type: ignore[attr-defined]
_DECIDED = select(_RULES.c.commune, _RULES.c.quiet_from, _RULES.c.quiet_until).where(
    _RULES.c.commune.in_(bindparam("communes", expanding=True))
)


def decided(tx: Transaction, commune: str) -> bool:
    """Whether a commune has decided anything for itself."""
    return tx.session.get(CommuneRules, commune) is not None


def set_hours(tx: Transaction, commune: str, start: int, end: int) -> None:
    """Decide a commune's quiet hours. What is held already waits until the morning it was held for."""
    row = tx.session.get(CommuneRules, commune) or CommuneRules(commune=commune)
    row.quiet_from, row.quiet_until = start, end
    tx.add(row)
