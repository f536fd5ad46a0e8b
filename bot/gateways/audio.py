"""Sound files: WAV to MP3, what an MP3 holds, MP3 to AAC or Ogg where an encoder is installed.

MP3 frames are read here, without a decoder: ISO/IEC 11172-3 (MPEG-1) and 13818-3 (MPEG-2), Layer III.
"""

import importlib.util
import io
import math
import shutil
import subprocess
import wave
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

AAC_RATE = 16_000  # Hz, mono: what Zalo Bot's own voice files are (Zalo reference §10)
ENCODER_SECONDS = 60
NO_AAC = "Cần gói Python av để ghi AAC (phần tùy chọn aac)."
NO_OGG = "Cần chương trình opusenc (gói Debian opus-tools) hoặc gói Python av để ghi Ogg."
# kbit/s of Layer III by the header's index; 0 = not allowed here
RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
SAMPLE_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


class NotSound(Exception):
    """The bytes are not a sound file of the expected kind. One sentence."""


class NoEncoder(Exception):
    """The format needs an encoder that is not installed. One sentence that says which."""


@dataclass(frozen=True, slots=True)
class Mp3:
    """What an MP3 holds: its length, and the share (0–1) of frames that carry any sound."""

    seconds: float
    sounding: float


@dataclass(frozen=True, slots=True)
class Pcm:
    """16-bit samples, as a WAV file holds them. `rms` is 0–1 of full scale."""

    rate: int
    channels: int
    samples: bytes

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.samples) / (2 * self.channels * self.rate)

    @property
    def rms(self) -> float:
        """Root mean square of the samples."""
        values = array("h", self.samples)
        return math.sqrt(sum(one * one for one in values) / len(values)) / 32_768 if values else 0.0


def read_wav(wav: bytes) -> Pcm:
    """The samples of a 16-bit WAV file. Raises `NotSound`."""
    try:
        with wave.open(io.BytesIO(wav)) as file:
            if file.getsampwidth() != 2:
                raise NotSound("tệp WAV không phải 16 bit")
            return Pcm(file.getframerate(), file.getnchannels(), file.readframes(file.getnframes()))
    except (wave.Error, EOFError) as error:
        raise NotSound("không phải tệp WAV") from error


def mp3_of(wav: bytes, kbps: int = 48) -> bytes:
    """The same sound as MP3 (mono speech: 48 kbit/s). Raises `NotSound`."""
    import lameenc  # native code: loaded only where something is recorded

    pcm = read_wav(wav)
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_bit_rate(kbps)
    encoder.set_in_sample_rate(pcm.rate)
    encoder.set_channels(pcm.channels)
    encoder.set_quality(5)
    return bytes(encoder.encode(pcm.samples)) + bytes(encoder.flush())


def read_mp3(mp3: bytes) -> Mp3:
    """Length and loudness of an MP3, frame by frame. Raises `NotSound` where no frames are found."""
    seconds, frames, sounding = 0.0, 0, 0
    for length, loud in _frames(mp3):
        seconds += length
        frames += 1
        sounding += loud
    if not frames:
        raise NotSound("không phải tệp MP3")
    return Mp3(seconds, sounding / frames)


def _frames(mp3: bytes) -> Iterator[tuple[float, bool]]:
    """Each frame's seconds, and whether it carries sound. What stands between frames (ID3 tags) is skipped."""
    at = _after_id3(mp3)
    while at + 8 <= len(mp3):
        frame = _header(mp3[at : at + 4])
        if frame is None:
            at += 1
            continue
        size, seconds, newest = frame
        if at + size > len(mp3):
            return
        yield seconds, _granule_bits(mp3[at : at + size], newest) > 0
        at += size


def _after_id3(mp3: bytes) -> int:
    if mp3[:3] != b"ID3" or len(mp3) < 10:
        return 0
    return 10 + (mp3[6] << 21 | mp3[7] << 14 | mp3[8] << 7 | mp3[9])


def _header(four: bytes) -> tuple[int, float, bool] | None:
    """A frame header's (bytes, seconds, is it MPEG-1); None where it is none of Layer III."""
    if four[0] != 0xFF or four[1] & 0xE6 != 0xE2:
        return None
    version = four[1] >> 3 & 3
    rate_index = four[2] >> 2 & 3
    kbps = (RATES_1 if version == 3 else RATES_2)[four[2] >> 4]
    if version == 1 or rate_index == 3 or not kbps:
        return None
    rate = SAMPLE_RATES[version][rate_index]
    samples = 1152 if version == 3 else 576
    return samples // 8 * kbps * 1000 // rate + (four[2] >> 1 & 1), samples / rate, version == 3


def _granule_bits(frame: bytes, newest: bool) -> int:
    """Bits of the first granule's first channel (part2_3_length): none in a silent frame."""
    mono = frame[3] >> 6 == 3
    start = 4 if frame[1] & 1 else 6  # a checksum may follow the header
    skip = (9 + (5 if mono else 3) + (4 if mono else 8)) if newest else (8 + (1 if mono else 2))
    side = int.from_bytes(frame[start : start + 8].ljust(8, b"\0"), "big")
    return side >> (64 - skip - 12) & 0xFFF


def can(kind: str) -> bool:
    """Whether `aac` or `ogg` can be written on this machine."""
    return _has_av() or (kind == "ogg" and shutil.which("opusenc") is not None)


def _has_av() -> bool:
    found = importlib.util.find_spec("av")
    return found is not None and found.origin is not None  # not just a folder of that name


def aac_of(source: Path, target: Path) -> None:
    """Write an MP3 or WAV as raw ADTS AAC, the only voice Zalo Bot takes. Raises `NoEncoder` or `NotSound`."""
    if not can("aac"):
        raise NoEncoder(NO_AAC)
    _transcode(source, target, "adts", "aac", AAC_RATE, 32_000)


def ogg_of(source: Path, target: Path) -> None:
    """Write an MP3 or WAV as Ogg Opus. Raises `NoEncoder` or `NotSound`.

    `opusenc` reads WAV only; with the `av` package anything goes.
    """
    if _has_av():
        _transcode(source, target, "ogg", "libopus", 48_000, 24_000)
    elif can("ogg") and source.suffix == ".wav":
        _opusenc(source, target)
    else:
        raise NoEncoder(NO_OGG)


def _opusenc(source: Path, target: Path) -> None:
    command = ["opusenc", "--quiet", "--bitrate", "24", str(source), str(target)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=ENCODER_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise NotSound("opusenc không ghi được tệp này") from error


def _transcode(source: Path, target: Path, container: str, codec: str, rate: int, bits: int) -> None:
    import av  # optional: its wheel carries GPL encoders

    try:
        with av.open(str(source)) as heard, av.open(str(target), "w", format=container) as written:
            stream = written.add_stream(codec, rate=rate, layout="mono")
            stream.bit_rate = bits
            resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
            for frame in [*heard.decode(audio=0), None]:
                for piece in resampler.resample(frame):
                    written.mux(stream.encode(piece))
            written.mux(stream.encode(None))
    except (av.FFmpegError, ValueError, IndexError) as error:
        target.unlink(missing_ok=True)
        raise NotSound(f"av không ghi được {container} ({type(error).__name__})") from error
