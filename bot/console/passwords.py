"""Passwords: hashed with argon2id; hashing takes a tenth of a second and 64 MiB, so at most two run at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LONGEST = 200  # characters; more is no password but an attempt to keep us busy
_HASHER = PasswordHasher()
_THREADS = ThreadPoolExecutor(2, "password")


def hash_password(password: str) -> str:
    """The argon2id hash to keep. It blocks for a while: not for the event loop."""
    return _HASHER.hash(password)


async def verify(stored: str, password: str) -> bool:
    """Whether `password` is the one behind `stored`. An empty `stored` (nobody) takes as long and is False."""
    running = asyncio.get_running_loop().run_in_executor(_THREADS, _fits, stored or _nobody(), password[:LONGEST])
    return await running and bool(stored)


def _fits(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """A hash that no password fits, with today's parameters, so that it costs what a real one costs."""
    parameters = f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    return f"{parameters}$bm9ib2R5LW5vYm9keSE$9vXf7R3bq0bS0u3r0m0g1Wb2m5X4cQ8n2b7Jv6c1d2E"
