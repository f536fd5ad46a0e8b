"""The bot's sentences, one file a language. Vietnamese is complete; another language may lack some."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FIRST = "vi"


class MissingText(Exception):
    """A sentence that no language has."""


@dataclass(frozen=True)
class Texts:
    """Sentences by language and `noun.key`; a missing one falls back to Vietnamese."""

    by_language: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls) -> "Texts":
        """Every `<lang>.toml` beside this file."""
        return cls({path.stem: _flat(tomllib.loads(path.read_text("utf-8"))) for path in sorted(HERE.glob("*.toml"))})

    def say(self, language: str, key: str, **values: object) -> str:
        """The sentence with its values put in. Values are never read as templates themselves."""
        sentence = self.by_language.get(language, {}).get(key) or self.by_language[FIRST].get(key)
        if sentence is None:
            raise MissingText(key)
        return sentence.format_map(values).strip()

    def has(self, key: str) -> bool:
        """Whether Vietnamese has this sentence."""
        return key in self.by_language[FIRST]

    def fields(self, language: str, key: str) -> set[str]:
        """The names of the values a sentence wants."""
        return {name for _, name, _, _ in string.Formatter().parse(self.by_language[language][key]) if name}

    def recording(self, language: str, key: str) -> Path | None:
        """A human's recording of a sentence, `<lang>/<noun.key>.mp3`, where somebody made one."""
        path = HERE / language / f"{key}.mp3"
        return path if path.is_file() else None

    def recordings(self) -> dict[tuple[str, str], Path]:
        """Every sentence that somebody recorded: (language, key) → its file."""
        every = ((language, key) for language, sentences in self.by_language.items() for key in sentences)
        return {(language, key): path for language, key in every if (path := self.recording(language, key))}


def _flat(table: Mapping[str, Any]) -> dict[str, str]:
    return {f"{noun}.{key}": sentence for noun, section in table.items() for key, sentence in section.items()}
