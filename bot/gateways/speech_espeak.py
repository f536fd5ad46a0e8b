"""espeak-ng, always in a process of its own: its licence (GPL-3) and its crashes stay out of ours.

The program `espeak-ng` is used where it is installed; else this module runs itself as a child
(`python -m bot.gateways.speech_espeak VOICE SPEED OUT.wav`, text on standard input) and calls the library of the
espeakng-loader wheel there. The words never stand on a command line.
"""

import asyncio
import ctypes
import importlib.util
import shutil
import sys
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.gateways.audio import mp3_of
from bot.gateways.speech_engine import Failed

ROOT = Path(__file__).resolve().parents[2]
MODULE = "bot.gateways.speech_espeak"
SPEED = 140  # words a minute; slower than the engine's 175, for listeners by a river


class Espeak:
    """Offline speech. `speed` in words a minute, `seconds` the longest a recording may take to make."""

    def __init__(self, voice: str = "vi", speed: int = SPEED, seconds: float = 30.0) -> None:
        self.name = "espeak"
        self.version = f"espeak-ng {voice} {speed} 1"
        self.outside = False
        self._voice, self._speed, self._seconds = voice, speed, seconds

    def missing(self) -> str:
        """Why this engine cannot work here; "" when it can."""
        if shutil.which("espeak-ng") or importlib.util.find_spec("espeakng_loader"):
            return ""
        return "chưa cài espeak-ng (gói Debian espeak-ng hoặc gói Python espeakng-loader)"

    async def speak(self, text: str) -> bytes:
        """`text` as MP3. Raises `Failed`."""
        return await asyncio.to_thread(mp3_of, await self.wav(text))

    async def wav(self, text: str) -> bytes:
        """`text` as a 16-bit mono WAV. Raises `Failed`."""
        if why := self.missing():
            raise Failed(why)
        with tempfile.TemporaryDirectory(prefix="thontin-speech-") as folder:
            out = Path(folder) / "out.wav"
            await self._run(self._command(out), text)
            if not out.exists():
                raise Failed("espeak-ng không ghi ra tệp nào")
            return out.read_bytes()  # a temporary file of a few hundred kilobytes

    def _command(self, out: Path) -> list[str]:
        if program := shutil.which("espeak-ng"):
            speech = ["-v", self._voice, "-s", str(self._speed), "-b", "1", "-w", str(out), "--stdin"]
            return [program, *speech]
        return [sys.executable, "-m", MODULE, self._voice, str(self._speed), str(out)]

    async def _run(self, command: Sequence[str], text: str) -> None:
        """Run the engine to its end, with `text` on its standard input; a hanging one is killed."""
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            await asyncio.wait_for(child.communicate(text.encode()), self._seconds)
        except TimeoutError:
            raise Failed(f"espeak-ng chạy quá {self._seconds:g} giây") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode:
            raise Failed(f"espeak-ng dừng với mã {child.returncode}")


# Below: what the child process does. Constants and signatures: speak_lib.h of espeak-ng 1.5x.
SYNCHRONOUS, CHARACTERS, UTF8, RATE = 2, 1, 1, 1
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def record(text: str, voice: str, speed: int, out: Path) -> None:
    """Write `text` as WAV to `out` with the wheel's library. Raises `OSError` or `RuntimeError`."""
    import espeakng_loader

    engine = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = engine.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate <= 0:
        raise RuntimeError("espeak_Initialize failed")
    if engine.espeak_SetVoiceByName(voice.encode()) != 0:
        raise RuntimeError(f"no voice {voice}")
    engine.espeak_SetParameter(RATE, speed, 0)
    sound = bytearray()

    def heard(samples: Any, count: int, events: int) -> int:
        if samples and count > 0:
            sound.extend(ctypes.string_at(samples, count * 2))
        return 0

    callback = Callback(heard)  # kept in a name: the library holds only its address
    engine.espeak_SetSynthCallback(callback)
    raw = text.encode()
    size = ctypes.c_size_t(len(raw) + 1)
    if engine.espeak_Synth(raw, size, 0, CHARACTERS, 0, UTF8, None, None) != 0:
        raise RuntimeError("espeak_Synth failed")
    engine.espeak_Synchronize()
    _write(out, rate, bytes(sound))


def _write(out: Path, rate: int, sound: bytes) -> None:
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sound)


if __name__ == "__main__":
    record(sys.stdin.buffer.read().decode(), sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
