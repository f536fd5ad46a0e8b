"""A backup as a file: a tar of `tables/` and `units/NAME.jsonl.gz`, `media/SHA256` and, last, `manifest.json`.

A table's first line names its columns, every further line is one row. The manifest has the sha256 of every table; a
file's name is its sha256, and all names together have one too, so that none can be missing. Nothing here holds more
than one row, or one block of a file, in memory.
"""

import gzip
import hashlib
import json
import os
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from storage.erasures import sync_folder

FORMAT = 1
BLOCK = 1024 * 1024
MANIFEST = "manifest.json"
ROWS = ".jsonl.gz"
LARGEST_MANIFEST = 16 * BLOCK


class Damaged(Exception):
    """The file is not a whole backup; the sentence says what is wrong."""


@dataclass
class Held:
    """One table in a backup."""

    rows: int
    sha256: str


@dataclass
class Manifest:
    """What a backup holds. `at` is ms UTC, `numbers` the last id of each table, `keys` the ids of the sealing keys."""

    at: int
    revision: str
    engine: str
    version: str
    format: int = FORMAT
    keys: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    tables: dict[str, Held] = field(default_factory=dict)
    units: dict[str, Held] = field(default_factory=dict)  # the lists of units, where some were imported
    files: int = 0
    files_sha256: str = ""
    files_missing: int = 0  # named by a row, but not on the disk

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(one.rows for one in self.tables.values())


class Writer:
    """Writes a backup's members one after the other."""

    def __init__(self, tar: tarfile.TarFile, folder: Path, manifest: Manifest) -> None:
        self._tar, self._folder, self.manifest = tar, folder, manifest
        self._names = hashlib.sha256()

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """One table of the database."""
        self.manifest.tables[name] = self._rows(f"tables/{name}{ROWS}", columns, rows)

    def units(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """One list of units."""
        self.manifest.units[name] = self._rows(f"units/{name}{ROWS}", columns, rows)

    def _rows(self, member: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Held:
        """By way of a temporary file: a tar wants to know a member's size before it comes."""
        written = 0
        with tempfile.TemporaryFile(dir=self._folder) as spare:
            with gzip.GzipFile(fileobj=spare, mode="wb", compresslevel=3, mtime=0, filename="") as packed:
                packed.write(_line({"columns": list(columns)}))
                for row in rows:
                    packed.write(_line(list(row)))
                    written += 1
            spare.seek(0)
            digest = hashlib.file_digest(spare, "sha256").hexdigest()
            self._add(member, spare)
        return Held(written, digest)

    def file(self, sha: str, path: Path) -> None:
        """One file; one that is not there any more, or is not what its name says, is counted as missing."""
        try:
            opened = path.open("rb")
        except OSError:
            self.manifest.files_missing += 1
            return
        with opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != sha:
                self.manifest.files_missing += 1
                return
            self._add(f"media/{sha}", opened)
        self.manifest.files += 1
        self._names.update(sha.encode())

    def finish(self, sign: Callable[[str], str]) -> None:
        """The manifest, with a proof of who wrote it."""
        self.manifest.files_sha256 = self._names.hexdigest()
        body = _digested(asdict(self.manifest))
        whole = {"backup": asdict(self.manifest), "proof": sign(body)}
        with tempfile.TemporaryFile(dir=self._folder) as spare:
            spare.write(_line({**whole, "sha256": _digested(whole)}))
            self._add(MANIFEST, spare)

    def _add(self, name: str, opened: IO[bytes]) -> None:
        info = tarfile.TarInfo(name)
        info.size = opened.seek(0, os.SEEK_END)
        info.mtime, info.mode = self.manifest.at // 1000, 0o600
        opened.seek(0)
        self._tar.addfile(info, opened)
        _forget(self._tar)


@contextmanager
def writing(target: Path, manifest: Manifest) -> Iterator[Writer]:
    """A backup under another name until it is whole and on the disk. Raises `FileExistsError`."""
    if target.exists():
        raise FileExistsError(str(target))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as opened:
            os.fchmod(opened.fileno(), 0o600)
            with tarfile.open(fileobj=opened, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield Writer(tar, target.parent, manifest)
            opened.flush()
            os.fsync(opened.fileno())
        part.rename(target)
        sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True)
class Archive:
    """A backup that was found whole. `proof` says with which key it was written (`Vault.signed`)."""

    path: Path
    manifest: Manifest
    digest: str
    proof: str

    def tables(self) -> Iterator[tuple[str, list[str], Iterator[list[Any]]]]:
        """Every table: its name, its columns, its rows. The rows must be read before the next table is asked for."""
        return self._rows("tables")

    def units(self) -> Iterator[tuple[str, list[str], Iterator[list[Any]]]]:
        """Every list of units in the same way; none where only those that come with the product were in use."""
        return self._rows("units")

    def _rows(self, folder: str) -> Iterator[tuple[str, list[str], Iterator[list[Any]]]]:
        with tarfile.open(self.path, "r:") as tar:
            for info in _members(tar):
                if info.name.startswith(f"{folder}/"):
                    with gzip.open(_content(tar, info), "rt", encoding="utf-8") as lines:
                        columns = json.loads(next(lines))["columns"]
                        name = info.name.removeprefix(f"{folder}/").removesuffix(ROWS)
                        yield name, columns, (json.loads(line) for line in lines)

    def files(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Every file: its sha256 and its content, to be read before the next is asked for."""
        with tarfile.open(self.path, "r:") as tar:
            for info in _members(tar):
                if info.name.startswith("media/"):
                    yield info.name.removeprefix("media/"), _content(tar, info)


def verified(path: Path) -> Archive:
    """The backup at `path`, every byte of it looked at. Raises `Damaged`, `OSError`."""
    try:
        with tarfile.open(path, "r:") as tar:
            return _whole(path, tar)
    except (tarfile.TarError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        raise Damaged(f"{path} không phải bản sao nguyên vẹn: tệp hỏng hoặc bị cắt ngang") from None


def _whole(path: Path, tar: tarfile.TarFile) -> Archive:
    found: dict[str, str] = {}
    names, files, last = hashlib.sha256(), 0, b""
    for info in _members(tar):
        if info.name == MANIFEST and info.size <= LARGEST_MANIFEST:
            last = _content(tar, info).read()
            continue
        sha = hashlib.file_digest(_content(tar, info), "sha256").hexdigest()  # type: ignore[arg-type]
        if info.name == f"media/{sha}":
            files += 1
            names.update(sha.encode())
        else:
            found[info.name] = sha
    archive = _read(path, last)
    lists = {"tables": archive.manifest.tables, "units": archive.manifest.units}
    held = {f"{folder}/{name}{ROWS}": one.sha256 for folder, rows in lists.items() for name, one in rows.items()}
    if found != held or (files, names.hexdigest()) != (archive.manifest.files, archive.manifest.files_sha256):
        raise ValueError
    return archive


def _read(path: Path, manifest: bytes) -> Archive:
    written = json.loads(manifest)
    body = written["backup"]
    if body["format"] > FORMAT:
        raise Damaged(f"{path} do bản chương trình mới hơn viết: cập nhật chương trình rồi phục hồi")
    if written.pop("sha256") != _digested(written):
        raise ValueError
    digest = _digested(body)
    tables, units = (
        {name: Held(**one) for name, one in body.pop(folder, {}).items()} for folder in ("tables", "units")
    )
    return Archive(path, Manifest(**body, tables=tables, units=units), digest, str(written["proof"]))


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (info := tar.next()) is not None:
        _forget(tar)
        if not info.isfile():
            raise ValueError(info.name)
        yield info


def _forget(tar: tarfile.TarFile) -> None:
    """A tar remembers every member it has seen: of a million files that is too much."""
    tar.members.clear()  # type: ignore[attr-defined]


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    opened = tar.extractfile(info)
    if opened is None:
        raise ValueError(info.name)
    return opened


def _digested(body: dict[str, Any]) -> str:
    return hashlib.sha256(_line(body)).hexdigest()


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
