"""Model announcements: words to start from, with {braces} for what only the official knows."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DATA = Path(__file__).with_name("models.toml")
_BLANK = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Hazard:
    """Whose warning it is. The level comes from this bulletin, never from the commune (Vietnam reference §4)."""

    agency: str
    bulletin_no: str
    issued_at: str

    @property
    def source(self) -> str:
        """As one line, for the announcement's source."""
        return f"{self.agency}, tin số {self.bulletin_no}, {self.issued_at}"


@dataclass(frozen=True, slots=True)
class Model:
    """One model announcement."""

    id: str
    priority: str  # emergency | priority | routine
    topic: str  # a key of content.topics.TOPICS
    title: str  # the first line
    body: str
    valid_hours: int  # how long it stays true, counted from publishing
    hazard: Hazard | None = None

    @property
    def source(self) -> str:
        """The source line, with its blanks; empty when no agency's bulletin stands behind it."""
        return self.hazard.source if self.hazard else ""


@cache
def load_models() -> tuple[Model, ...]:
    """The models in the order of the file. KeyError, TypeError: the file lost a field."""
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return tuple(_model(one) for one in data["model"])


def _model(one: dict[str, object]) -> Model:
    hazard = one.get("hazard")
    body = str(one["body"]).strip()
    return Model(**{**one, "body": body, "hazard": Hazard(**hazard) if isinstance(hazard, dict) else None})  # type: ignore[arg-type]


def blanks(text: str) -> list[str]:
    """What is still to be filled in, in order, each once: "{nơi} … {giờ}" gives nơi, giờ."""
    return list(dict.fromkeys(_BLANK.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with the blanks that have a value filled in; the others stay, so that they are seen."""
    return _BLANK.sub(lambda blank: values.get(blank.group(1)) or blank.group(0), text)
