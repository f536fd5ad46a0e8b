"""Recordings: made by a real engine, checked, kept, and never in the way of the text."""

import asyncio
import base64
import datetime
import hashlib
import io
import json
import socket
import ssl
import stat
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
import typer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from bot.commands.speak import speak
from bot.gateways import audio
from bot.gateways.speech import Speech, check_heard, engines
from bot.gateways.speech_engine import Failed, Silent
from bot.gateways.speech_espeak import Espeak
from bot.gateways.speech_gtts import Gtts
from content.speakable import speakable
from tests.bot.channels.endings import Answer, FarSide, before_writing, far_side

TEXT = "UBND xã mời bà con họp lúc 19h30 ngày 22/11 tại nhà văn hóa."
WORDS = speakable(TEXT)


def wav(seconds: float, tone: bool) -> bytes:
    """A 16-bit mono WAV: a square tone, or nothing to hear."""
    samples = (b"\x00\x20" * 50 + b"\x00\xe0" * 50 if tone else bytes(200)) * int(seconds * 160)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples)
    return out.getvalue()


TONE = audio.mp3_of(wav(20, tone=True))


class Voice:
    """An engine that says what it is told to: bytes, or an exception."""

    def __init__(self, says: bytes | Exception, name: str = "voice", outside: bool = False) -> None:
        self.name, self.version, self.says, self.asked = name, "1", says, 0
        self.outside = outside

    def missing(self) -> str:
        return ""

    async def speak(self, text: str) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    async with far_side() as far:
        yield far


def sound(mp3: bytes) -> Answer:
    """Google's answer in the shape that gTTS reads."""
    inner = json.dumps(["%s"]).replace("%s", base64.b64encode(mp3).decode())
    return Answer(body=b")]}'\n\n" + json.dumps([["wrb.fr", "jQ1olc", inner]], separators=(",", ":")).encode())


def test_what_is_recorded_is_an_mp3_of_the_same_length() -> None:
    made = audio.read_mp3(TONE)
    assert made.seconds == pytest.approx(20, abs=0.3)
    assert made.sounding > 0.9


@pytest.mark.parametrize("bits", [32, 48, 128])
def test_an_mp3_is_measured_whatever_its_rate_and_tags(bits: int) -> None:
    tagged = b"ID3\x04\x00\x00\x00\x00\x00\x14" + b"\xff\xfb" * 10 + audio.mp3_of(wav(3, tone=True), bits)
    assert audio.read_mp3(tagged).seconds == pytest.approx(3, abs=0.3)


def test_a_silent_mp3_is_seen_without_a_decoder() -> None:
    assert audio.read_mp3(audio.mp3_of(wav(3, tone=False))).sounding < 0.05


@pytest.mark.parametrize("junk", [b"", b"ID3", b"<html>", b"\xff" * 2000, TONE[:20]], ids=repr)
def test_what_is_no_mp3_is_told(junk: bytes) -> None:
    with pytest.raises(audio.NotSound):
        audio.read_mp3(junk)


@pytest.mark.parametrize(
    ("mp3", "why"),
    [
        (audio.mp3_of(wav(20, tone=False)), "không có tiếng"),
        (audio.mp3_of(wav(1, tone=True)), "quá ngắn"),
        (b"<html>429</html>", "không phải tệp MP3"),
    ],
    ids=["silence", "cut off", "a page"],
)
def test_a_recording_with_nothing_to_hear_fails(mp3: bytes, why: str) -> None:
    with pytest.raises(Silent, match=why):
        check_heard(mp3, WORDS)


async def test_espeak_says_an_announcement() -> None:
    pcm = audio.read_wav(await Espeak().wav(WORDS))
    assert pcm.rms > 0.02
    assert 0.15 < pcm.seconds / len(WORDS.split()) < 0.6
    check_heard(await Espeak().speak(WORDS), WORDS)


def script(folder: Path, body: str) -> None:
    """A program called espeak-ng, first on the path."""
    program = folder / "espeak-ng"
    program.write_text(f"#!{sys.executable}\nimport sys, time\n{body}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


async def test_an_installed_espeak_is_used_and_gets_the_words_on_its_input_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tone.wav").write_bytes(wav(5, tone=True))
    copy = f"open(sys.argv[sys.argv.index('-w') + 1], 'wb').write(open({str(tmp_path / 'tone.wav')!r}, 'rb').read())"
    seen = f"open({str(tmp_path / 'seen')!r}, 'w').write(repr((sys.argv[1:], sys.stdin.buffer.read().decode())))"
    script(tmp_path, f"{copy}\n{seen}")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert audio.read_wav(await Espeak().wav("xin chào")).seconds == pytest.approx(5, abs=0.1)
    arguments, text = eval((tmp_path / "seen").read_text(encoding="utf-8"))
    assert text == "xin chào"
    assert "xin chào" not in arguments
    assert arguments[:2] == ["-v", "vi"]


@pytest.mark.parametrize(
    ("body", "why"),
    [("sys.exit(3)", "mã 3"), ("time.sleep(60)", "quá 0.3 giây"), ("pass", "không ghi ra tệp")],
    ids=["fails", "hangs", "writes nothing"],
)
async def test_an_engine_that_misbehaves_is_told_in_a_sentence(
    body: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, body)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(Failed, match=why):
        await Espeak(seconds=0.3 if "sleep" in body else 20).wav("xin chào")


async def test_a_recording_is_made_once_and_kept_under_what_it_says(tmp_path: Path) -> None:
    voice = Voice(TONE)
    first = await Speech(tmp_path, [voice]).record(TEXT)
    again = await Speech(tmp_path, [voice]).record(TEXT)
    assert first is not None
    assert first == again
    assert voice.asked == 1
    assert first.sha == hashlib.sha256(first.path.read_bytes()).hexdigest()
    assert first.path.parent == tmp_path / "speech"
    assert first.seconds == pytest.approx(20, abs=0.3)
    assert [one.name for one in first.path.parent.iterdir()] == [first.path.name]


async def test_two_who_want_the_same_recording_wait_for_one(tmp_path: Path) -> None:
    voice = Voice(TONE)
    speech = Speech(tmp_path, [voice])
    first, second = await asyncio.gather(speech.record(TEXT), speech.record(TEXT))
    assert first == second
    assert voice.asked == 1


async def test_another_version_of_the_voice_is_another_recording(tmp_path: Path) -> None:
    voice = Voice(TONE)
    first = await Speech(tmp_path, [voice]).record(TEXT)
    voice.version = "2"
    second = await Speech(tmp_path, [voice]).record(TEXT)
    assert first is not None
    assert second is not None
    assert first.path != second.path


@pytest.mark.parametrize(
    "first",
    [Failed("mạng hỏng"), b"<html>", audio.mp3_of(wav(20, tone=False)), ZeroDivisionError("a bug")],
    ids=["fails", "a page", "silence", "a bug"],
)
async def test_the_next_engine_speaks_where_the_first_does_not(first: bytes | Exception, tmp_path: Path) -> None:
    made = await Speech(tmp_path, [Voice(first, "first"), Voice(TONE, "next")]).record(TEXT)
    assert made is not None
    assert made.engine == "next"


async def test_an_outside_voice_never_hears_a_draft(tmp_path: Path) -> None:
    far, near = Voice(TONE, "far", outside=True), Voice(TONE, "near")
    speech = Speech(tmp_path, [far, near])
    drafted = await speech.record(TEXT)
    assert drafted is not None
    assert (drafted.engine, far.asked) == ("near", 0)
    published = await speech.record(TEXT, published=True)
    assert published is not None
    assert (published.engine, far.asked) == ("far", 1)


async def test_a_failed_recording_is_none_with_a_reason_and_one_log_line_without_the_words(tmp_path: Path) -> None:
    speech = Speech(tmp_path, [Voice(Failed("mạng hỏng"))])
    with structlog.testing.capture_logs() as logs:
        assert await speech.record(TEXT) is None
    assert speech.why_not(TEXT) == "mạng hỏng"
    assert [line["event"] for line in logs] == ["speech.failed"]
    assert "họp" not in str(logs)
    assert not (tmp_path / "speech").exists()


async def test_a_text_of_signs_only_is_not_recorded(tmp_path: Path) -> None:
    voice = Voice(TONE)
    speech = Speech(tmp_path, [voice])
    assert await speech.record("👍 …") is None
    assert voice.asked == 0
    assert "không có chữ" in speech.why_not("👍 …")


async def test_a_folder_that_cannot_be_written_never_holds_up_the_text(tmp_path: Path) -> None:
    (tmp_path / "speech").write_text("a file where the folder should be", encoding="utf-8")
    speech = Speech(tmp_path, [Voice(TONE)])
    assert await speech.record(TEXT) is None
    assert "không ghi được" in speech.why_not(TEXT)


async def test_google_is_asked_only_where_the_setting_allows_it() -> None:
    assert [one.name for one in engines(outside=False)] == ["espeak"]
    assert [one.name for one in engines(outside=True)] == ["gtts", "espeak"]


async def test_googles_pieces_become_one_recording(far: FarSide) -> None:
    far.answer(sound(TONE))
    text = ", ".join(["bà con chú ý đề phòng lũ quét và sạt lở đất"] * 4) + "."
    mp3 = await Gtts(far.url).speak(text)
    assert len(far.asked) > 1
    assert mp3 == TONE * len(far.asked)
    assert {one.method for one in far.asked} == {"POST"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(429, b"<html>", "text/html"), r"từ chối \(429\)"),
        (Answer(503), r"từ chối \(503\)"),
        (Answer(200, b")]}'\n\n[]"), "không trả về âm thanh"),
        (Answer(200, b'jQ1olc","[\\"????\\"]'), "không trả về âm thanh"),
        (Answer(302, headers={"Location": "http://127.0.0.1:9/"}), "không trả về âm thanh"),
        (Answer(fault="hang"), "quá lâu"),
        (Answer(fault="drop"), "không kết nối được"),
    ],
    ids=["too many", "unavailable", "no sound", "not base64", "redirect", "hangs", "drops"],
)
async def test_google_in_trouble_fails_with_a_reason(answer: Answer, why: str, far: FarSide) -> None:
    far.answer(answer)
    with pytest.raises(Failed, match=why):
        await Gtts(far.url, each=0.2).speak("bà con chú ý")


async def test_google_out_of_reach_fails_with_a_reason() -> None:
    async with before_writing("refuse") as url:
        with pytest.raises(Failed, match="không kết nối được"):
            await Gtts(url).speak("bà con chú ý")


@pytest.mark.parametrize("text", ["", "...", "!?"])
async def test_google_is_not_asked_to_say_nothing(text: str, far: FarSide) -> None:
    with pytest.raises(Failed, match="không trả về âm thanh"):
        await Gtts(far.url).speak(text)
    assert far.asked == []


async def test_google_rests_after_a_failure(far: FarSide) -> None:
    far.answer(Answer(429))
    google = Gtts(far.url)
    for _ in range(3):
        with pytest.raises(Failed):
            await google.speak("bà con chú ý")
    assert len(far.asked) == 1


@asynccontextmanager
async def impostor(folder: Path) -> AsyncIterator[str]:
    """An HTTPS server on loopback with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    build = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    build = build.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    cert = build.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(
        key, hashes.SHA256()
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / "impostor.pem"
    file.write_bytes(cert.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    sock = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(serve, sock=sock, ssl=context)
    try:
        yield f"https://localhost:{sock.getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
    assert heard == []


async def test_nothing_is_said_to_an_impostor_of_google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    async with impostor(tmp_path) as url:
        with pytest.raises(Failed, match="chứng chỉ"):
            await Gtts(url).speak("bà con chú ý")


@pytest.mark.skipif(not audio.can("aac"), reason="needs the optional av package (extra aac)")
async def test_a_recording_becomes_raw_aac(tmp_path: Path) -> None:
    speech = Speech(tmp_path, [Voice(TONE)])
    made = await speech.record(TEXT)
    assert made is not None
    written = await speech.to_aac(made.path)
    assert written is not None
    assert written.read_bytes()[:2] in (b"\xff\xf1", b"\xff\xf9")


async def test_without_an_encoder_there_is_no_aac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "_has_av", lambda: False)
    speech = Speech(tmp_path, [Voice(TONE)])
    made = await speech.record(TEXT)
    assert made is not None
    assert await speech.to_aac(made.path) is None
    assert any("AAC" in one.what for one in await speech.check())


async def test_doctor_says_which_voice_is_missing(tmp_path: Path) -> None:
    voice = Voice(TONE, "espeak")
    voice.missing = lambda: "chưa cài"  # type: ignore[method-assign]
    found = await Speech(tmp_path, [voice]).check()
    assert not found[0].ok
    assert found[0].remedy
    assert not (await Speech(tmp_path, []).check())[0].ok


def run(*arguments: str) -> tuple[int, str, str]:
    app = typer.Typer()
    app.command()(speak)
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_speak_prints_the_words_as_they_are_read() -> None:
    assert run("gọi 112", "--text") == (0, "gọi một một hai.\n", "")


@pytest.mark.parametrize(("suffix", "begins"), [(".mp3", b"\xff"), (".wav", b"RIFF")])
def test_speak_writes_a_sound_file(suffix: str, begins: bytes, tmp_path: Path) -> None:
    out = tmp_path / f"out{suffix}"
    assert run(TEXT, "-o", str(out))[0] == 0
    assert out.read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["xin chào"], "Cần -o"),
        (["👍", "--text"], "không có chữ"),
        (["xin chào", "-o", "out.flac"], "đuôi"),
        (["xin chào", "-o", "/dev/null/out.mp3"], "Không ghi được"),
        (["xin chào", "-o", "out.ogg"], "opusenc"),
    ],
    ids=["nothing to do", "no words", "format", "no such folder", "no encoder"],
)
def test_speak_says_in_one_sentence_what_is_wrong(
    arguments: list[str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio, "can", lambda kind: False)
    code, printed, said = run(*arguments)
    assert (code, printed) == (2, "")
    assert why in said
    assert said.count("\n") == 1
