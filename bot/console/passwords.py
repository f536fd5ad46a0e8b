"""Passwords: hashed with argon2id; hashing takes a tenth of a second and 19 MiB, so at most three run at once."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LONGEST = 200  # characters; more is no password but an attempt to keep us busy
# OWASP's measure of memory, which a small machine can spare beside its work, and twice its rounds.
_HASHER = PasswordHasher(time_cost=4, memory_cost=19 * 1024, parallelism=1)
# No password fits it, and it costs what a real one costs: salt and hash are well formed, with today's parameters.
_NOBODY = (
    f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    f"$bm9ib2R5LW5vYm9keSE${'A' * 43}"
)
_STRANGERS = ThreadPoolExecutor(2, "password")
_KNOWN = ThreadPoolExecutor(1, "known password")  # a thousand strangers at the door must not keep officials out


def hash_password(password: str) -> str:
    """The argon2id hash to keep. It blocks for a while: not for the event loop."""
    return _HASHER.hash(_typed(password))


async def verify(stored: str, password: str, known: bool = False) -> bool:
    """Whether `password` is the one behind `stored`. An empty `stored` (nobody) takes as long and is False.

    `known`: the browser signed in before, so it does not stand in the strangers' line.
    """
    line = _KNOWN if known else _STRANGERS
    running = asyncio.get_running_loop().run_in_executor(line, _fits, stored or _NOBODY, password)
    return await running and bool(stored)


def _fits(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, _typed(password))
    except (VerificationError, InvalidHashError):
        return False


def _typed(password: str) -> str:
    """One spelling for one password: phones compose Vietnamese letters differently, and add spaces at the end."""
    return unicodedata.normalize("NFC", password).strip()[:LONGEST]
