"""The house keeps its order: rooms, arrows, settings in the open, files that a person can read at a sitting."""

import ast
import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.config import ROOT, Settings

ROOMS = ("content", "storage", "handlers", "bot")
APART = ({"bot.sandbox"}, {"bot.channels", "bot.gateways"})  # they must not share a misreading of a platform
LONGEST_FILE, LONGEST_FUNCTION = 300, 50
LONG_FILES: dict[str, str] = {}  # file → why it may be longer


def sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "versions" not in path.parts]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{one.name}" for one in node.names)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.splitlines()] or sources()


def test_each_room_imports_only_the_rooms_before_it() -> None:
    wrong = [
        f"{name_of(path)} imports {target}"
        for path in sources()
        for target in imports(path)
        if (other := target.split(".")[0]) in ROOMS
        and ROOMS.index(other) > ROOMS.index(path.relative_to(ROOT).parts[0])
    ]
    assert wrong == []


def test_no_room_imports_the_tests() -> None:
    late = {"bot.commands.bench"}  # runs the benchmarks, which live among the tests
    wrong = [name_of(path) for path in sources() if any(one.startswith("tests") for one in imports(path))]
    assert set(wrong) - late == set()


def test_the_sandbox_and_the_clients_never_import_each_other() -> None:
    wrong = [
        f"{name_of(path)} imports {target}"
        for here, there in (APART, APART[::-1])
        for path in sources()
        if any(name_of(path).startswith(one) for one in here)
        for target in imports(path)
        if any(target.startswith(one) for one in there)
    ]
    assert wrong == []


def test_sql_is_written_in_storage_alone() -> None:
    spoken = re.compile(r"\b(?:SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b")
    wrong = [name_of(path) for path in sources() if path.parts[len(ROOT.parts)] != "storage"
             and spoken.search(path.read_text("utf-8"))]  # fmt: skip
    assert wrong == []


def test_a_file_is_read_at_a_sitting() -> None:
    long = {
        name_of(path): lines
        for path in sources()
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert {name: lines for name, lines in long.items() if name not in LONG_FILES} == {}


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{name_of(path)}.{node.name}: {size}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == []


def documented() -> dict[str, tuple[str, str]]:
    """setting → (its comment, its default), from .env.example."""
    found, comment = {}, ""
    for line in (ROOT / ".env.example").read_text("utf-8").splitlines():
        setting = re.fullmatch(r"#?(THONTIN_[A-Z_]+)=(.*)", line)
        if setting:
            found[setting[1]] = (comment, setting[2])
        comment = line.removeprefix("# ") if line.startswith("# ") else ""
    return found


def shown(value: Any) -> str:
    value = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    if isinstance(value, Path) and value.is_absolute():
        value = value.relative_to(ROOT)
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_setting_is_in_the_example_with_its_meaning_and_default() -> None:
    wanted = {
        f"THONTIN_{name.upper()}": (field.description or "", shown(field.default))
        for name, field in Settings.model_fields.items()
    }
    assert all(meaning for meaning, _ in wanted.values())
    assert documented() == wanted


FORBIDDEN = [
    ("a machine path", re.compile(r"(?<![\w.])/(?:work|farm|root)/")),
    ("the address of a package index", re.compile(r"index-url\s*[=:]?\s*https?://|/simple/?\s*\"|files\.[a-z]+hosted")),
]


@pytest.mark.parametrize(("what", "pattern"), FORBIDDEN, ids=[what for what, _ in FORBIDDEN])
def test_the_repository_holds_none_of(what: str, pattern: re.Pattern[str]) -> None:
    found = []
    for path in tracked():
        if path == Path(__file__) or not path.is_file() or path.stat().st_size > 1_000_000:
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{number}" for number, line in enumerate(text.splitlines(), 1)
                  if pattern.search(line)]  # fmt: skip
    assert found == [], what


def test_vendored_files_are_the_listed_ones() -> None:
    listing = next((ROOT / "bot" / "console" / "static").rglob("VENDORED.toml"))
    listed = tomllib.loads(listing.read_text("utf-8"))["file"]
    assert listed
    for one in listed:
        content = (listing.parent / one["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"], one["path"]
