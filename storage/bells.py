"""PostgreSQL's bell: one process tells the others that something fell due. Who misses it looks anyway."""

from collections.abc import Iterator

import psycopg

CHANNEL = "thontin"


def connect(url: str) -> psycopg.Connection:
    """A connection of its own, for ringing or for listening. Raises `psycopg.OperationalError`."""
    return psycopg.connect(url, autocommit=True, connect_timeout=5)


def ring(connection: psycopg.Connection, words: str) -> None:
    """Tell every process that listens."""
    connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, words))


def listen(connection: psycopg.Connection, seconds: float) -> Iterator[str]:
    """What is rung within the next seconds, as it comes."""
    connection.execute(f"LISTEN {CHANNEL}")
    for heard in connection.notifies(timeout=seconds):
        yield heard.payload
