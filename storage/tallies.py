"""Tallies: what is left of old deliveries when their rows are gone."""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.columns import big, key


class Tally(SQLModel, table=True):
    """So many people of one hamlet for whom an announcement ended in one way."""

    __tablename__ = "tally"
    __table_args__ = (Index("ix_tally_announcement_id", "announcement_id"),)

    id: int | None = key()
    announcement_id: int = big()
    account_id: int = big()
    commune: str = Field(max_length=5)
    hamlet_key: str = Field(default="", max_length=80)
    state: str = Field(max_length=10)
    band: str = Field(default="", max_length=8)  # how soon: 30s, 5min, later; empty when it was not sent
    route: str = Field(default="", max_length=10)
    why: str = Field(default="", max_length=200)
    resent: bool = False
    people: int
