"""What a speech engine is, and how it fails."""

from typing import Protocol


class Failed(Exception):
    """No recording came of it: one Vietnamese sentence without the words that were to be said."""


class Silent(Failed):
    """There is a recording, but nothing to hear in it, or far too little for its words."""


class Engine(Protocol):
    """Turns words into sound. `version` changes whenever the same words would sound otherwise.

    `outside`: the words leave this machine, so it is given nothing but what is published already.
    """

    name: str
    version: str
    outside: bool

    def missing(self) -> str:
        """Why this engine cannot work on this machine; "" when it can. Asks no network."""

    async def speak(self, text: str) -> bytes:
        """`text`, already made speakable, as MP3. Raises `Failed`."""
