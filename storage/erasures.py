"""The journal of erasures, beside the database: a restored backup must not bring back whom we promised to forget.

A line holds when, and which citizen by our own number and the moment we met them. In a backup that is older than the
erasure that finds the person; anywhere else it leads to nobody. No key opens it, so it also works when the keys are
lost.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Erasure:
    """A citizen was erased `at` (ms UTC). `since` is when we met them: after a restore a number may be given again."""

    at: int
    citizen: int
    since: int


class Journal:
    """Lines are only ever added. Several processes may write at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, *erasures: Erasure) -> None:
        """Write a line for each; they are on the disk when this returns. Raises `OSError`."""
        lines = "".join(f"{json.dumps(asdict(one))}\n" for one in erasures)
        self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
        fresh = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, (_missing_end(descriptor) + lines).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            sync_folder(self.path.parent)


def _missing_end(descriptor: int) -> str:
    """A line that a crash cut off must not swallow the next one."""
    size = os.fstat(descriptor).st_size
    return "\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else ""


def sync_folder(folder: Path) -> None:
    """A new name in a folder is on the disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> Iterator[Erasure | None]:
    """What a journal holds, oldest first; None for a line that cannot be read."""
    with path.open(encoding="utf-8", errors="replace") as opened:
        for line in opened:
            if line.strip():
                yield _erasure(line)


def _erasure(line: str) -> Erasure | None:
    try:
        held = json.loads(line)
        return Erasure(int(held["at"]), int(held["citizen"]), int(held["since"]))
    except (ValueError, KeyError, TypeError):
        return None
