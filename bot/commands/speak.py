"""thontin speak: a text as it will be read aloud, in words or as a sound file."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from content.speakable import speakable

FORMATS = (".mp3", ".ogg", ".wav")


def speak(
    text: Annotated[str, typer.Argument(help="Văn bản cần đọc; - để đọc từ đầu vào chuẩn.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Tệp .mp3, .ogg hoặc .wav.")] = None,
    show: Annotated[bool, typer.Option("--text", help="In ra những lời sẽ được đọc.")] = False,
) -> None:
    """Đọc một văn bản thành tiếng bằng giọng có sẵn trên máy (không gửi ra ngoài)."""
    words = speakable(sys.stdin.read() if text == "-" else text)
    if not words:
        _stop("Văn bản không có chữ nào để đọc.")
    if show:
        print(words)
    if out is not None:
        _write(words, out)
    elif not show:
        _stop("Cần -o TỆP để ghi tiếng, hoặc --text để xem lời.")


def _write(words: str, out: Path) -> None:
    from bot.gateways.audio import NoEncoder, NotSound
    from bot.gateways.speech_engine import Failed

    if out.suffix.lower() not in FORMATS:
        _stop(f"Tệp phải có đuôi {', '.join(FORMATS)}; không ghi được {out.suffix or 'tệp không đuôi'}.")
    try:
        out.write_bytes(asyncio.run(_sound(words, out.suffix.lower())))
    except (Failed, NoEncoder, NotSound) as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"Không ghi được {out}: {error.strerror}.")


async def _sound(words: str, suffix: str) -> bytes:
    from bot.gateways import audio
    from bot.gateways.speech import check_heard
    from bot.gateways.speech_espeak import Espeak

    if suffix == ".ogg" and not audio.can("ogg"):
        raise audio.NoEncoder(audio.NO_OGG)
    wav = await Espeak().wav(words)
    mp3 = audio.mp3_of(wav)
    check_heard(mp3, words)
    if suffix == ".ogg":
        return _ogg(wav)
    return wav if suffix == ".wav" else mp3


def _ogg(wav: bytes) -> bytes:
    from bot.gateways.audio import ogg_of

    with tempfile.TemporaryDirectory(prefix="thontin-speak-") as folder:
        source, target = Path(folder) / "in.wav", Path(folder) / "out.ogg"
        source.write_bytes(wav)
        ogg_of(source, target)
        return target.read_bytes()


def _stop(why: str) -> NoReturn:
    print(why, file=sys.stderr)
    raise typer.Exit(2)
