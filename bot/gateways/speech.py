"""Recordings of announcements: one MP3 per text, made once, kept by what it says and who says it.

A draft is recorded by engines of this machine alone; what is published may go to an outside one. A citizen's words
never come here.
A recording that fails never holds up the text: `record` answers None and keeps the reason.
"""

import asyncio
import hashlib
import os
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

import structlog

from bot.channels.base import Finding
from bot.gateways import audio
from bot.gateways.speech_engine import Engine, Failed, Silent
from bot.gateways.speech_espeak import Espeak
from content.speakable import speakable

log = structlog.get_logger()

FASTEST = 0.1  # seconds a syllable; the fastest speech that can be followed takes about 0.12
SOUNDING = 0.3  # share of frames with sound; pauses take less than a third of read speech
REASONS = 200  # how many reasons to remember


@dataclass(frozen=True, slots=True)
class Recording:
    """One spoken text. `sha` is the SHA-256 of the MP3 file at `path`."""

    sha: str
    path: Path
    seconds: float
    engine: str


class Speech:
    """Makes and keeps recordings under `folder`/speech; `engines` are tried in order."""

    def __init__(self, folder: Path, engines: Sequence[Engine]) -> None:
        self._folder = folder / "speech"
        self._engines = list(engines)
        self._busy: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._reasons: OrderedDict[str, str] = OrderedDict()

    async def record(self, text: str, published: bool = False) -> Recording | None:
        """`text` spoken, from the store if it was made before; None when it could not be made (see `why_not`).

        Never raises. `published`: the words are public, so they may leave for an outside engine.
        """
        words = speakable(text)
        lock = self._busy.setdefault(_key(words), asyncio.Lock())
        try:
            async with lock:
                return await self._spoken(words, [one for one in self._engines if published or not one.outside])
        except OSError as error:  # a full or missing disk
            self._failed(words, f"không ghi được tệp ({type(error).__name__})", "")
            return None

    @property
    def outside(self) -> bool:
        """Whether what is published has a better voice to be recorded with than a draft."""
        return any(one.outside for one in self._engines)

    def why_not(self, text: str) -> str:
        """Why the last recording of `text` failed, one Vietnamese sentence; "" when none failed."""
        return self._reasons.get(_key(speakable(text)), "")

    async def to_aac(self, recording: Path) -> Path | None:
        """The recording as raw ADTS AAC beside it (for Zalo Bot); None where it cannot be made. Never raises."""
        target = recording.with_suffix(".aac")
        if target.exists():
            return target
        if not audio.can("aac"):
            return None
        try:
            await asyncio.to_thread(_write_aac, recording, target)
        except (audio.NotSound, OSError) as error:
            log.warning("speech.aac_failed", why=str(error))
            return None
        return target

    async def check(self) -> list[Finding]:
        """For `thontin doctor`: which engines can work here, and the AAC encoder. Asks no network."""
        found = [_finding(engine) for engine in self._engines]
        found += (
            [] if found else [Finding(False, "Chưa bật giọng đọc nào.", "Đặt espeak làm giọng đọc trong cấu hình.")]
        )
        if audio.can("aac"):
            return [*found, Finding(True, "Ghi được lời nói cho Zalo Bot (AAC).")]
        return [*found, Finding(True, "Chưa có bộ ghi AAC: Zalo Bot nhận đường dẫn thay cho lời nói.")]

    async def _spoken(self, words: str, engines: Sequence[Engine]) -> Recording | None:
        """By the first engine that has it or can make it."""
        if not words:
            self._failed(words, "tin không có chữ nào để đọc", "")
        for engine in engines if words else ():
            path = self._path(engine, words)
            if path.exists():
                return await asyncio.to_thread(_recording, path, engine.name)
            mp3 = await self._made(words, engine)
            if mp3:
                return await self._keep(mp3, words, engine)
        return None

    async def _made(self, words: str, engine: Engine) -> bytes:
        """The MP3; empty when this engine failed, and the reason is kept."""
        try:
            mp3 = await engine.speak(words)
            check_heard(mp3, words)
        except Failed as failure:
            self._failed(words, str(failure), engine.name)
            return b""
        except Exception:
            # An engine is somebody else's code; whatever it does, the text must go out.
            log.exception("speech.engine_broke", engine=engine.name)
            self._failed(words, "bộ đọc gặp lỗi lạ", engine.name)
            return b""
        return mp3

    async def _keep(self, mp3: bytes, words: str, engine: Engine) -> Recording:
        path = self._path(engine, words)
        await asyncio.to_thread(_write, path, mp3)
        made = await asyncio.to_thread(_recording, path, engine.name)
        self._reasons.pop(_key(words), None)
        log.info("speech.recorded", engine=engine.name, seconds=round(made.seconds, 1), sha=made.sha)
        return made

    def _path(self, engine: Engine, words: str) -> Path:
        return self._folder / f"{_key(words, engine.name, engine.version)}.mp3"

    def _failed(self, words: str, why: str, engine: str) -> None:
        log.warning("speech.failed", engine=engine, why=why)
        self._reasons[_key(words)] = why
        while len(self._reasons) > REASONS:
            self._reasons.popitem(last=False)


def engines(outside: bool, outside_base: str = "https://translate.google.com") -> list[Engine]:
    """The engines in order of choice: Google's voice where the setting allows it (`outside`), then espeak."""
    if not outside:
        return [Espeak()]
    from bot.gateways.speech_gtts import Gtts  # loads requests: only where it is allowed

    return [Gtts(outside_base), Espeak()]


def check_heard(mp3: bytes, words: str) -> None:
    """Raise `Silent` unless the MP3 has sound in it, and enough for the syllables of `words`."""
    try:
        sound = audio.read_mp3(mp3)
    except audio.NotSound as error:
        raise Silent("bản ghi không phải tệp MP3") from error
    if sound.sounding < SOUNDING:
        raise Silent("bản ghi không có tiếng")
    if sound.seconds < FASTEST * len(words.split()):
        raise Silent(f"bản ghi chỉ dài {sound.seconds:.1f} giây, quá ngắn so với tin")


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _recording(path: Path, engine: str) -> Recording:
    mp3 = path.read_bytes()
    return Recording(hashlib.sha256(mp3).hexdigest(), path, audio.read_mp3(mp3).seconds, engine)


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all: a reader never meets half a file."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def _write_aac(recording: Path, target: Path) -> None:
    part = target.with_suffix(".aac.part")
    audio.aac_of(recording, part)
    part.replace(target)


def _finding(engine: Engine) -> Finding:
    why = engine.missing()
    if why:
        return Finding(False, f"Giọng đọc {engine.name}: {why}.", "Cài thêm rồi chạy lại.")
    return Finding(True, f"Giọng đọc {engine.name}: dùng được.")
