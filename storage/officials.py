"""Officials and their sign-ins. A session is a row, so that it can be taken back; only its hash is kept."""

import hashlib
import secrets

from sqlalchemy import delete
from sqlmodel import Field, SQLModel, col, select

from storage.columns import big, key
from storage.transaction import Transaction

SESSION_MS = 12 * 3_600_000


class Official(SQLModel, table=True):
    """A person with a post in a commune (or in the province, when `commune` is empty)."""

    __tablename__ = "official"

    id: int | None = key()
    username: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=80)
    title: str = Field(max_length=120)  # "Chủ tịch UBND xã"
    commune: str = Field(default="", max_length=5)
    password_hash: str
    active: bool = True
    wrong_tries: int = 0
    locked_until: int = big(default=0)
    created_at: int = big()


class OfficialSession(SQLModel, table=True):
    """One sign-in. The cookie's token is kept as a hash; `csrf` goes into every form."""

    __tablename__ = "official_session"

    token_hash: str = Field(primary_key=True, max_length=64)
    official_id: int = big(index=True)
    csrf: str = Field(max_length=43)
    expires_at: int = big()


def named(tx: Transaction, username: str) -> Official | None:
    """The official who signs in as `username`."""
    return tx.session.exec(select(Official).where(Official.username == username.strip().lower())).first()


def of(tx: Transaction, official_id: int | None) -> Official | None:
    """The official with this id."""
    return tx.session.get(Official, official_id) if official_id else None


def every(tx: Transaction) -> list[Official]:
    """All officials, by sign-in name."""
    return list(tx.session.exec(select(Official).order_by(col(Official.username))).all())


def in_commune(tx: Transaction, commune: str) -> list[Official]:
    """Those who work for a commune."""
    return [one for one in every(tx) if one.active and one.commune in ("", commune)]


def add(tx: Transaction, username: str, name: str, title: str, commune: str, password_hash: str) -> Official:
    """A new official."""
    row = Official(
        username=username.strip().lower(),
        name=name,
        title=title,
        commune=commune,
        password_hash=password_hash,
        created_at=tx.now,
    )
    return tx.add(row)


def set_password(tx: Transaction, official: Official, password_hash: str) -> None:
    """A new password ends every sign-in that the old one opened."""
    official.password_hash, official.wrong_tries, official.locked_until = password_hash, 0, 0
    tx.session.add(official)
    end_sessions(tx, official)


def set_active(tx: Transaction, official: Official, active: bool) -> None:
    """Who leaves the post is signed out at once; the name stays, for what was done under it."""
    official.active = active
    tx.session.add(official)
    end_sessions(tx, official)


def end_sessions(tx: Transaction, official: Official) -> None:
    """Sign an official out everywhere."""
    tx.session.execute(delete(OfficialSession).where(col(OfficialSession.official_id) == official.id))


def sign_in(tx: Transaction, official: Official) -> tuple[str, OfficialSession]:
    """Open a session: the token for the cookie, and its row."""
    token = secrets.token_urlsafe(32)
    official.wrong_tries, official.locked_until = 0, 0
    tx.session.add(official)
    row = OfficialSession(
        token_hash=_hash(token),
        official_id=official.id or 0,
        csrf=secrets.token_urlsafe(32),
        expires_at=tx.now + SESSION_MS,
    )
    return token, tx.add(row)


def wrong_password(tx: Transaction, official: Official) -> None:
    """Five wrong tries lock the name for a minute, then two, four… up to an hour."""
    official.wrong_tries += 1
    official.locked_until = tx.now + lock_ms(official.wrong_tries)
    tx.session.add(official)


def lock_ms(wrong_tries: int) -> int:
    """How long a name is locked after so many wrong tries; 0 for the first four."""
    return min(60, 2 ** (wrong_tries - 5)) * 60_000 if wrong_tries >= 5 else 0


def signed_in(tx: Transaction, token: str) -> tuple[Official, OfficialSession] | None:
    """Who the cookie belongs to, while its session lives."""
    row = tx.session.get(OfficialSession, _hash(token))
    if row is None or row.expires_at <= tx.now:
        return None
    official = of(tx, row.official_id)
    return (official, row) if official and official.active else None


def sign_out(tx: Transaction, token: str) -> None:
    """Close a session; a copied cookie is worth nothing afterwards."""
    row = tx.session.get(OfficialSession, _hash(token))
    if row:
        tx.session.delete(row)


def end_expired(tx: Transaction) -> int:
    """Drop sessions whose time is over; how many went."""
    return tx.changed(tx.session.execute(delete(OfficialSession).where(col(OfficialSession.expires_at) <= tx.now)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
