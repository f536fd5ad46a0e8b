"""How python-telegram-bot talks to a Bot API server here: over aiohttp, and knowing what was written.

Its default httpx client manages about 114 sends a second and gets worse with concurrency (Telegram reference §5).
It also folds "no free connection" and "no answer" into one exception, though only the first is certainly not sent.
"""

import json
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

_JSON: Final = {"Content-Type": "application/json"}


class Refusal(TelegramError):
    """The server answered, and the answer is no. `from_api` is false when it is not the Bot API's own JSON."""

    def __init__(
        self, code: int, description: str = "", parameters: dict[str, Any] | None = None, from_api: bool = True
    ) -> None:
        super().__init__(f"refused with {code}")
        self.code = code
        self.description = description
        self.parameters = parameters or {}
        self.from_api = from_api


class NotWritten(TelegramError):
    """No byte of the request left this machine: no connection, no free place in the pool, no such host."""


class NotTried(NotWritten):
    """Nothing was asked of the server: what this call needed first did not succeed. It says nothing about others."""


class NoAnswer(TelegramError):
    """The request was (perhaps partly) written and no usable answer came: the server may have acted on it."""


class AiohttpRequest(BaseRequest):
    """PTB's `BaseRequest` on one aiohttp session. Time-outs in seconds; `connections` is the pool's size.

    Raises `Refusal`, `NotWritten` and `NoAnswer`, which PTB passes on untouched. Their texts hold neither the URL
    (the token is in it) nor the words sent.
    """

    def __init__(
        self,
        connections: int = 100,
        connect_timeout: float = 5.0,
        read_timeout: float = 15.0,
        upload_timeout: float = 60.0,
        proxy: str | None = None,
    ) -> None:
        self._connections = connections
        self._connect = connect_timeout
        self._read = read_timeout
        self._upload = upload_timeout
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """The default read time-out in seconds."""
        return self._read

    async def initialize(self) -> None:
        """Open the pool; asks nobody anything."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=60),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[_tracing()],
                proxy=self._proxy,
            )

    async def shutdown(self) -> None:
        """Close the pool; `initialize` opens it again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One call. `connect_timeout` covers the wait for a place in the pool, as aiohttp counts it."""
        if self._session is None:
            raise NotWritten("the channel is not started")
        progress = SimpleNamespace(written=False)
        try:
            async with self._session.request(
                method,
                url,
                timeout=self._timeout(request_data, read_timeout),
                allow_redirects=False,  # a POST that follows a redirect would lose its body
                trace_request_ctx=progress,
                **_body(request_data),
            ) as response:
                payload = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # `from None`: aiohttp's own text may hold the URL, and with it the token.
            kind = NoAnswer if progress.written else NotWritten
            raise kind(type(error).__name__) from None
        if response.status >= 300:
            raise _refusal(response.status, payload, response.headers.get("Retry-After", ""))
        return response.status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer's object. PTB's own version writes the whole body to the log when it is not JSON."""
        data = _object(payload)
        if data is None or ("result" not in data and data.get("ok") is not False):
            raise NoAnswer("the answer is not the Bot API's")
        if data.get("ok") is False:
            code = data.get("error_code")
            raise _refusal(code if isinstance(code, int) else 500, payload, "")
        return data

    def _timeout(self, data: RequestData | None, read: Any) -> aiohttp.ClientTimeout:
        wait = self._read if read is BaseRequest.DEFAULT_NONE or read is None else float(read)
        upload = self._upload if data is not None and data.contains_files else 0.0
        # sock_read runs while a file is being written as well, so it gets the upload's time too.
        return aiohttp.ClientTimeout(
            total=self._connect + wait + upload, connect=self._connect, sock_read=wait + upload
        )


def _tracing() -> aiohttp.TraceConfig:
    async def mark(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.written = True

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(mark)
    return trace


def _body(data: RequestData | None) -> dict[str, Any]:
    if data is None:
        return {}
    if not data.contains_files:
        return {"data": data.json_payload, "headers": _JSON}
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return {"data": form}


def _refusal(code: int, payload: bytes, retry_after: str) -> Refusal:
    data = _object(payload)
    if data is None or "description" not in data:
        seconds = int(retry_after) if retry_after.isdigit() else 0
        return Refusal(code, parameters={"retry_after": seconds} if seconds else None, from_api=False)
    parameters = data.get("parameters")
    return Refusal(code, str(data["description"]), parameters if isinstance(parameters, dict) else None)


def _object(payload: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(payload)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None
