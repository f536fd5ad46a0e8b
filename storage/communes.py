"""What a commune has decided for itself: when its people sleep."""

from sqlmodel import Field, SQLModel

NIGHT_FROM, NIGHT_UNTIL = 21 * 60 + 30, 6 * 60  # minutes after midnight in Việt Nam


class CommuneRules(SQLModel, table=True):
    """A commune without a row keeps the defaults. Equal times mean: no quiet hours."""

    __tablename__ = "commune_rules"

    commune: str = Field(primary_key=True, max_length=5)
    quiet_from: int = NIGHT_FROM
    quiet_until: int = NIGHT_UNTIL
