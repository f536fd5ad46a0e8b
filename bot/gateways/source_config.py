"""How one source system writes: paths, key names and code tables, read from a TOML file and checked.

No public list of fields for citizens' reports exists (Vietnam reference §2.4), so all of it is data.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import content

SHIPPED = Path(content.__file__).with_name("source_system.toml")
STATES = ("filed", "received", "working", "more", "refused", "answered", "closed")  # as storage keeps them
CHOICES = {"format.time": ("ms", "s", "iso"), "files.as": ("base64", "none")}
OUTCOMES = ("never", "later", "login", "done")
# Every key of every section. The starred ones may be "": their system does not have it.
KEYS: dict[str, tuple[str, ...]] = {
    "paths": ("login", "send", "news"),
    "login": ("username", "password"),
    "answer": ("status", "content", "token", "id*", "description*"),
    "format": ("time", "times*"),
    "send": ("idempotency_header*",),
    "files": ("as", "list*", "name*", "mime*", "sha256*", "data*"),
    "news": (
        "since",
        "until",
        "list*",
        "id",
        "report_id*",
        "code*",
        "state*",
        "text*",
        "unit*",
        "person*",
        "at*",
    ),
}
TABLES = ("record", "append", "codes", "states", "outcomes", "descriptions")


class WrongConfig(ValueError):
    """The file cannot be used: one Vietnamese sentence that names the key."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a number other than "ok" means, and a sentence of ours for it."""

    ending: str  # never | later | login | done
    why: str


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One source system's dialect. `keys["answer.id"]` is a key of theirs; "" where they have none.

    `record` maps our field to theirs (dots enter objects), `append` our field to a label under which it is added to the
    text, `codes` our value to theirs by our field ("*" for any other), `states` their word to our state, `outcomes`
    their status number (as text) and `descriptions` the beginning of their description to what follows. `ok` is the
    number for yes.
    """

    keys: Mapping[str, str]
    times: tuple[str, ...]  # our fields that hold a time
    ok: str
    record: Mapping[str, str]
    append: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str | int]]
    states: Mapping[str, str]
    outcomes: Mapping[str, Outcome]
    descriptions: Mapping[str, Outcome]


def load(path: Path = SHIPPED) -> SourceConfig:
    """The configuration in a TOML file. Raises `WrongConfig` with the first fault."""
    try:
        return parse(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise WrongConfig(f"Không đọc được {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongConfig(f"{path} không phải TOML: {error}.") from error


def parse(data: Mapping[str, Any]) -> SourceConfig:
    """The configuration in plain data. Raises `WrongConfig`."""
    for section in data:
        if section not in KEYS and section not in TABLES:
            raise WrongConfig(f"Không có mục [{section}] trong cấu hình hệ thống thông tin nguồn.")
    answer = dict(_table(data, "answer"))
    ok = answer.pop("ok", 0)
    formats = dict(_table(data, "format"))
    times = formats.pop("times", [])
    keys = _keys({**data, "answer": answer, "format": formats})
    return SourceConfig(
        keys=keys,
        times=tuple(_words(times, "format.times")),
        ok=str(_scalar(ok, "answer.ok")),
        record={ours: _text(theirs, f"record.{ours}") for ours, theirs in _flat(_table(data, "record"))},
        append={ours: _text(label, f"append.{ours}") for ours, label in _flat(data.get("append", {}))},
        codes={name: _codes(name, table) for name, table in _table(data, "codes").items()},
        states=_states(_table(data, "states")),
        outcomes=_outcomes(data, "outcomes"),
        descriptions=_outcomes(data, "descriptions"),
    )


def _keys(data: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for section, names in KEYS.items():
        table = dict(_table(data, section))
        for name in names:
            plain = name.rstrip("*")
            if plain == "times":
                continue
            where = f"{section}.{plain}"
            value = _text(table.pop(plain, "" if name != plain else None), where)
            if not value and name == plain:
                raise WrongConfig(f"Thiếu khóa {where} trong cấu hình hệ thống thông tin nguồn.")
            if where in CHOICES and value not in CHOICES[where]:
                raise WrongConfig(f"Khóa {where} phải là một trong: {', '.join(CHOICES[where])}.")
            found[where] = value
        for name in table:
            raise WrongConfig(f"Không có khóa {section}.{name} trong cấu hình hệ thống thông tin nguồn.")
    return found


def _table(data: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    table = data.get(section)
    if not isinstance(table, Mapping):
        raise WrongConfig(f"Thiếu mục [{section}] trong cấu hình hệ thống thông tin nguồn.")
    return table


def _flat(table: Mapping[str, Any], lead: str = "") -> list[tuple[str, Any]]:
    """TOML reads `nguoi_gui.ho_ten = …` as a table in a table; here it is one name with a dot again."""
    flat: list[tuple[str, Any]] = []
    for name, value in table.items():
        flat += _flat(value, f"{lead}{name}.") if isinstance(value, Mapping) else [(lead + name, value)]
    return flat


def _text(value: Any, where: str) -> str:
    if value is None:
        raise WrongConfig(f"Thiếu khóa {where} trong cấu hình hệ thống thông tin nguồn.")
    if not isinstance(value, str):
        raise WrongConfig(f"Khóa {where} phải là chữ trong dấu nháy.")
    return value


def _scalar(value: Any, where: str) -> str | int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise WrongConfig(f"Khóa {where} phải là số hoặc chữ.")
    return value


def _words(value: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        raise WrongConfig(f"Khóa {where} phải là một danh sách.")
    return [_text(one, where) for one in value]


def _codes(name: str, table: Any) -> dict[str, str | int]:
    if not isinstance(table, Mapping):
        raise WrongConfig(f"Mục [codes.{name}] phải là một bảng mã.")
    return {ours: _scalar(theirs, f"codes.{name}.{ours}") for ours, theirs in table.items()}


def _states(table: Mapping[str, Any]) -> dict[str, str]:
    for theirs, ours in table.items():
        if ours not in STATES:
            raise WrongConfig(f"Khóa states.{theirs} phải là một trong: {', '.join(STATES)}.")
    return dict(table)


def _outcomes(data: Mapping[str, Any], section: str) -> dict[str, Outcome]:
    return {said: _outcome(f"{section}.{said}", one) for said, one in data.get(section, {}).items()}


def _outcome(where: str, one: Any) -> Outcome:
    if not isinstance(one, Mapping) or one.get("ending") not in OUTCOMES or set(one) - {"ending", "why"}:
        raise WrongConfig(f"Khóa {where} phải có dạng {{ ending = …, why = … }}, ending là {', '.join(OUTCOMES)}.")
    return Outcome(one["ending"], _text(one.get("why", ""), f"{where}.why"))
