"""One turn of a dialogue: what was heard, who said it, where we stand, and what we say."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from content.commands import choice as chosen
from content.commands import command
from content.message import Choice, Heard, Said
from content.units import Commune
from content.vietnamese import clean
from handlers.knowledge import Knowledge, Matched
from storage import Transaction, citizens, outbox
from storage.accounts import Account
from storage.citizens import Address, Citizen

Options = Sequence[tuple[str, str]]  # (id, label)


@dataclass
class Turn:
    """Stories read it, change what is remembered through `tx`, and say things through it.

    `state` is the open dialogue: {story, step, question, ids, labels, free, asked, text, data}; empty when none is.
    """

    tx: Transaction
    account: Account
    heard: Heard
    know: Knowledge
    matched: Matched
    citizen: Citizen
    address: Address
    state: dict[str, Any]
    said: list[Said] = field(default_factory=list)
    erased: bool = False  # the citizen is no longer known: keep nothing of this turn

    @property
    def text(self) -> str:
        """What they typed, in one Unicode form and without control characters."""
        return clean(self.heard.text)

    @property
    def story(self) -> str:
        """The story of the open dialogue."""
        return str(self.state.get("story", ""))

    @property
    def step(self) -> str:
        """Where the open dialogue stands."""
        return str(self.state.get("step", ""))

    @property
    def data(self) -> dict[str, Any]:
        """What the open dialogue has gathered."""
        return dict(self.state.get("data", {}))

    @property
    def free(self) -> bool:
        """Whether every word is an answer here (a name, an address, a description)."""
        return bool(self.state.get("free"))

    @property
    def command(self) -> str | None:
        """The command they gave, if it is one at this step."""
        return command(self.text, free_text=self.free) if self.heard.kind == "text" else None

    def words(self, key: str, **values: object) -> str:
        """A sentence in the citizen's language."""
        return self.know.texts.say(self.citizen.language, key, **values)

    def say(self, key: str, **values: object) -> None:
        """Say a fixed sentence."""
        self.said.append(Said(self.words(key, **values)))

    def show(self, said: Said) -> None:
        """Say something made elsewhere."""
        self.said.append(said)

    def ask(self, story: str, step: str, text: str, options: Options = (), free: bool = False, **data: Any) -> None:
        """Ask a question and wait for its answer in `story`. The options are numbered from 1."""
        question = secrets.token_hex(3)
        choices = tuple(Choice(str(number), label) for number, (_, label) in enumerate(options, 1))
        self.said.append(Said(text, choices, question))
        self.state = {
            "story": story,
            "step": step,
            "question": question,
            "ids": [one for one, _ in options],
            "labels": [label for _, label in options],
            "free": free,
            "text": text,
            "data": data,
        }

    def ask_again(self) -> None:
        """Say the open question once more."""
        options = list(zip(self.state["ids"], self.state["labels"], strict=True))
        self.ask(self.story, self.step, self.state["text"], options, self.free, **self.data)

    def end(self) -> None:
        """Close the open dialogue."""
        self.state = {}

    def chosen(self) -> str | None:
        """The id of the option they took: by number, by its words, or by pressing its button."""
        labels = self.state.get("labels", [])
        if not labels:
            return None
        place = self._tapped() if self.heard.kind == "tap" else chosen(self.text, labels)
        return str(self.state["ids"][place]) if place is not None and place < len(labels) else None

    def _tapped(self) -> int | None:
        question, _, number = self.heard.payload.partition(":")
        if question != self.state.get("question") or not number.isdigit() or int(number) < 1:
            return None
        return int(number) - 1

    def delivered(self) -> bool:
        """Whether the open question ever left: a digit typed before it came is an answer to something else."""
        asked = self.state.get("asked")
        return not asked or outbox.state_of(self.tx, int(asked)) != "queued"

    def commune(self, code: str) -> Commune | None:
        """The commune with this code."""
        return self.know.gazetteer.commune(code)

    def home(self) -> str:
        """The code of the commune they most likely speak of: where they live, else the first they follow."""
        followed = citizens.follows(self.tx, self.citizen.id or 0)
        first = [one.commune for one in followed if one.relation == "home"] or [one.commune for one in followed]
        return first[0] if first else ""

    def place_name(self, code: str) -> str:
        """As "xã Thanh Nưa, tỉnh Điện Biên"; the code itself if nobody knows it."""
        commune = self.commune(code)
        return commune.full_name if commune else code
