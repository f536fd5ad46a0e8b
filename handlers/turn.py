"""One turn of a dialogue: what was heard, who said it, where we stand, and what we say."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from content import identity_numbers
from content.channels import KINDS
from content.commands import choice, command, number, yes_no
from content.message import Choice, Heard, Said
from content.units import Commune
from content.vietnamese import clean, syllables
from handlers.knowledge import Knowledge, Matched, fitted, match
from storage import Transaction, citizens, outbox
from storage.accounts import Account
from storage.citizens import Address, Citizen

Options = Sequence[tuple[str, str]]  # (id, label)
QUESTION = ("story", "step", "text", "ids", "labels", "free", "yes", "no")  # what it takes to ask it again
LETTER_KEYS = ("11", "22", "33")  # what answers a letter nobody asked for, never a dialogue
TICK_MS = 1000  # Telegram tells the second only, so a time may be this much older than it says
SKEW_MS = 300_000  # two clocks this far apart are not in step, and say nothing about what came first
LONGEST_HEARD = 12_000  # characters of a message that are looked at: more than anything that is kept of one
_DIGITS = re.compile(r"(?:số )?\d[\d\s,.]*", re.IGNORECASE)


@dataclass
class Turn:
    """Stories read it, change what is remembered through `tx`, and say things through it.

    `state` is the open dialogue: {story, step, question, text, ids, labels, free, yes, no, data, at, asked, trail};
    empty when none is. `aside` holds dialogues that were interrupted, by kind (`handlers.aside`).
    """

    tx: Transaction
    account: Account
    heard: Heard
    know: Knowledge
    found: Matched | None  # looked up before the transaction began, unless nothing was expected of it
    citizen: Citizen
    address: Address
    state: dict[str, Any]
    aside: dict[str, dict[str, Any]] = field(default_factory=dict)
    note: dict[str, Any] = field(default_factory=dict)  # what they were answered last: {id, at}
    said: list[Said] = field(default_factory=list)
    ended: bool = False  # a dialogue was closed in this turn: what is asked now does not lead back into it
    erased: bool = False  # the citizen is no longer known: keep nothing of this turn
    _commands: dict[bool, str | None] = field(default_factory=dict)  # by `free`: asked many times a turn

    @cached_property
    def matched(self) -> Matched:
        """What FAQ, announcements and places say to their words, for this citizen as the turn began."""
        found = match(self.know, self.heard.text) if self.found is None else self.found
        return fitted(self.know, found, self.communes(), str(self.note.get("id", "")), self.tx.now)

    def communes(self) -> list[str]:
        """The codes of what they follow, their home first; else in a stable order, the oldest first."""
        followed = citizens.follows(self.tx, self.citizen.id or 0)
        return [one.commune for one in sorted(followed, key=lambda one: one.relation != "home")]

    @cached_property
    def text(self) -> str:
        """What they typed, in one Unicode form, without control characters and without numbers of identity cards."""
        return identity_numbers.hide(clean(self.heard.text[:LONGEST_HEARD]), phone_asked=self.step == "phone")

    @property
    def tells_identity(self) -> bool:
        """Whether they typed the number of an identity card, which nobody here needs."""
        return identity_numbers.HIDDEN in self.text and identity_numbers.HIDDEN not in self.heard.text

    @property
    def typed(self) -> bool:
        """Whether they typed something, as against a picture with words under it."""
        return self.heard.kind == "text" and bool(self.text)

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
        if self.free not in self._commands:
            typed = self.heard.kind == "text"
            self._commands[self.free] = command(self.text, free_text=self.free) if typed else None
        return self._commands[self.free]

    @property
    def digits(self) -> bool:
        """Whether they typed one or more short numbers and nothing else."""
        return self.typed and len(self.text) <= 12 and _DIGITS.fullmatch(self.text) is not None

    @property
    def letter_key(self) -> str | None:
        """11, 22 or 33, typed or pressed."""
        said = self.heard.payload.partition(":")[2] if self.heard.kind == "tap" else self.text.strip(" .")
        return said if said in LETTER_KEYS and self.heard.kind in ("tap", "text") else None

    def words(self, key: str, **values: object) -> str:
        """A sentence in the citizen's language."""
        return self.know.texts.say(self.citizen.language, key, **values)

    def say(self, key: str, **values: object) -> None:
        """Say a fixed sentence."""
        self.show(Said(self.words(key, **values)))

    def show(self, said: Said) -> None:
        """Say something made elsewhere, with a human's recording where there is one and the channel carries it."""
        if not said.voice and KINDS[self.account.channel].voice == "mp3":
            said = replace(said, voice=self.know.recording(self.citizen.language, said.text))
        self.said.append(said)

    def ask(
        self,
        story: str,
        step: str,
        text: str,
        options: Options = (),
        free: bool = False,
        yes: str = "",
        no: str = "",
        **data: Any,
    ) -> None:
        """Ask a question and wait for its answer in `story`. The options are numbered from 1.

        `free`: every word is an answer. `yes`, `no`: what a plain yes or no means, as the id of an option.
        """
        ids, labels = [one for one, _ in options], [label for _, label in options]
        question = {"story": story, "step": step, "text": text, "ids": ids, "labels": labels, "free": free,
                    "yes": yes, "no": no}  # fmt: skip
        self.put_question({**question, "question": secrets.token_hex(3), "data": data})

    def put_question(self, state: dict[str, Any]) -> None:
        """Say a question, new or once more, and wait for its answer."""
        choices = tuple(Choice(str(place), label) for place, label in enumerate(state["labels"], 1))
        self.show(Said(state["text"], choices, state["question"]))
        self.state = {**state, "at": self.tx.now}

    def ask_again(self, **data: Any) -> None:
        """Say the open question once more, with what was gathered meanwhile."""
        self.put_question({**self.state, "data": {**self.data, **data}})

    def end(self) -> None:
        """Close the open dialogue."""
        self.state, self.ended = {}, True

    def chosen(self) -> str | None:
        """The id of the option they took: by number, by its words, by yes or no, or by pressing its button."""
        if self.heard.kind == "tap":
            return self._id_at(self._tapped())
        if not self.typed:
            return None
        return self._chosen_freely() if self.free else self._chosen_by_words()

    def _chosen_by_words(self) -> str | None:
        labels = list(self.state.get("labels", []))
        certain = self._id_at(self._exactly(labels))
        answered = yes_no(self.text) if certain is None else None
        if answered is not None and self.state.get("yes" if answered else "no"):
            return str(self.state["yes" if answered else "no"])
        return certain or self._id_at(choice(self.text, labels))

    def _chosen_freely(self) -> str | None:
        """Where every word is an answer, only a bare digit or an option's own words choose it."""
        labels = list(self.state.get("labels", []))
        return self._id_at(self._exactly([label.partition(",")[0].partition("(")[0] for label in labels]))

    def _exactly(self, labels: list[str]) -> int | None:
        keys = [str(place) for place in range(1, len(labels) + 1)]
        if not self.free or self.text.strip(" .").isdecimal():
            place = number(self.text, keys)
            if place is not None:
                return place
        said = syllables(self.text)
        same = [place for place, label in enumerate(labels) if syllables(label) == said]
        return same[0] if len(same) == 1 else None

    def _id_at(self, place: int | None) -> str | None:
        ids = self.state.get("ids", [])
        return str(ids[place]) if place is not None and place < len(ids) else None

    def _tapped(self) -> int | None:
        question, _, pressed = self.heard.payload.partition(":")
        if question != self.state.get("question") or not pressed.isdecimal() or int(pressed) < 1:
            return None
        return int(pressed) - 1

    def early(self) -> bool:
        """Whether they typed a digit before the open question reached them: it answers something else."""
        open_to_digits = bool(self.state.get("labels")) or self.command == "back"
        return self.digits and self.letter_key is None and open_to_digits and not self.delivered()

    def delivered(self) -> bool:
        """Whether the open question had left for the citizen when they wrote."""
        asked = self.state.get("asked")
        standing = outbox.standing(self.tx, int(asked)) if asked else None
        if standing is None:
            return True
        state, claimed_at = standing
        return state in ("claimed", "sent", "unknown") and not TICK_MS <= claimed_at - self.heard.at <= SKEW_MS

    def commune(self, code: str) -> Commune | None:
        """The commune with this code."""
        return self.know.gazetteer.commune(code)

    def home(self) -> str:
        """The code of the commune they most likely speak of: where they live, else the first they follow."""
        return next(iter(self.communes()), "")

    def place_name(self, code: str) -> str:
        """As "xã Thanh Nưa, tỉnh Điện Biên"; the code itself if nobody knows it."""
        commune = self.commune(code)
        return commune.full_name if commune else code
