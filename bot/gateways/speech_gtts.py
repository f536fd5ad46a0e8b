"""Google's voice through gTTS: only for announcements that are published, never for a draft or a citizen's words.

gTTS itself sends with `verify=False` and may wait for ever, so its `stream` is written anew here: certificates are
checked, each request and the whole recording have a time limit. Requests: one per piece of ≤ 100 characters.
"""

import asyncio
import base64
import binascii
import io
import re
import time
from collections.abc import Iterator

import requests
from gtts import gTTS

from bot.gateways.speech_engine import Failed

AUDIO = re.compile(rb'jQ1olc","\[\\"(.*)\\"]')  # where gTTS 2.5 finds the sound in Google's answer
LARGEST_ANSWER = 5_000_000  # bytes of one piece; 100 characters are about 60,000
REST = 300.0  # seconds to leave Google alone after it failed, so that no announcement waits for it twice


class VerifiedGTTS(gTTS):  # type: ignore[misc]  # gTTS brings no types
    """gTTS over a session that checks certificates. `base` replaces Google's scheme and host (a proxy of the province).

    Raises `requests.RequestException`, `TimeoutError` past `overall` seconds, `ValueError` without sound in the answer.
    """

    def __init__(self, text: str, base: str, each: float, overall: float) -> None:
        super().__init__(text, lang="vi", lang_check=False, timeout=each)
        self._base = base.rstrip("/")
        self._until = time.monotonic() + overall

    def stream(self) -> Iterator[bytes]:
        """The MP3 pieces, in order."""
        with requests.Session() as session:
            for prepared in self._prepare_requests():
                if time.monotonic() > self._until:
                    raise TimeoutError
                yield self._piece(session, prepared)

    def _piece(self, session: requests.Session, prepared: requests.PreparedRequest) -> bytes:
        prepared.url = re.sub(r"^https?://[^/]+", self._base, prepared.url or "")
        # Session.send ignores the environment, so proxies and the operator's own CA file are looked up here.
        settings = session.merge_environment_settings(prepared.url, {}, True, True, None)
        answer = session.send(prepared, timeout=self.timeout, allow_redirects=False, **settings)
        with answer:
            answer.raise_for_status()
            found = AUDIO.search(self._body(answer))
        if found is None:
            raise ValueError("no sound in the answer")
        return base64.b64decode(found[1], validate=True)

    def _body(self, answer: requests.Response) -> bytes:
        """The whole answer, bounded in size and time: a server that drips cannot hold the thread."""
        body = bytearray()
        for chunk in answer.iter_content(16_384):
            body += chunk
            if time.monotonic() > self._until:
                raise TimeoutError
            if len(body) > LARGEST_ANSWER:
                raise ValueError("answer too long")
        return bytes(body)


class Gtts:
    """Google's voice. `each` and `overall` are seconds, for one request and for the whole recording."""

    def __init__(
        self, base: str = "https://translate.google.com", each: float = 10.0, overall: float = 45.0, rest: float = REST
    ) -> None:
        self.name = "gtts"
        self.version = "gtts vi 1"
        self.outside = True
        self._base, self._each, self._overall, self._rest = base, each, overall, rest
        self._resting_until = 0.0

    def missing(self) -> str:
        """Always "": gTTS is installed with the product; whether Google can be reached is known only by asking."""
        return ""

    async def speak(self, text: str) -> bytes:
        """`text` as MP3. Raises `Failed`. After a failure the engine rests, failing at once."""
        if time.monotonic() < self._resting_until:
            raise Failed("Google vừa không trả lời, lát nữa mới thử lại")
        try:
            return await asyncio.to_thread(self._record, text)
        except Failed:
            self._resting_until = time.monotonic() + self._rest
            raise

    def _record(self, text: str) -> bytes:
        sound = io.BytesIO()
        try:
            VerifiedGTTS(text, self._base, self._each, self._overall).write_to_fp(sound)
        except requests.exceptions.SSLError:
            raise Failed("chứng chỉ của Google không đúng, có thể bị nghe lén giữa đường") from None
        except requests.HTTPError as error:
            raise Failed(f"Google từ chối ({error.response.status_code})") from None
        except (requests.Timeout, TimeoutError):
            raise Failed("Google trả lời quá lâu") from None
        except requests.RequestException as error:
            raise Failed(f"không kết nối được Google ({type(error).__name__})") from None
        except (AssertionError, ValueError, TypeError, binascii.Error) as error:
            raise Failed(f"Google không trả về âm thanh ({type(error).__name__})") from None
        return sound.getvalue()
