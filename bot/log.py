"""Logging: one line an event with ids, never a citizen's words, a name or a token."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import structlog

# Tokens travel inside URLs on two platforms; a library's exception may carry the URL.
_TOKEN = re.compile(r"bot\d+(?::|%3A)[\w-]+|(?<=access_token=)[^&\s]+|Bearer\s+\S+", re.IGNORECASE)

# asyncio names the error of a task that nobody waited for, message included.
_RAISED = re.compile(r"exception=([\w.]+)\(.*\)", re.DOTALL)


def setup(level: str = "INFO", json: bool = False) -> None:
    """Send structlog and the standard library's logging to stderr through one redacting pipe."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last = structlog.processors.JSONRenderer(ensure_ascii=False) if json else plain
    structlog.configure(
        processors=[*shared, traced, _redact, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.raiseExceptions = False  # its complaint about a line that cannot be written quotes that line
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("httpx", "httpcore", "aiohttp.access", "alembic", "apscheduler", "gtts", "telegram"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def trace(error: BaseException) -> str:
    """Where an error came from: its type and the lines of code, never its message, which may quote what was written."""
    return "\n".join(_chain(error))


def _chain(error: BaseException | None) -> Iterator[str]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def traced(_logger: Any, _name: str, event: Any) -> Any:
    """The processor that puts `trace` in the place of an error."""
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["exception"] = trace(error)
    return event


def redact(text: str) -> str:
    """`text` without anything that looks like a token."""
    return _RAISED.sub(r"exception=\1(…)", _TOKEN.sub("[token]", text))


def _redact(_logger: Any, _name: str, event: Any) -> Any:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


def plain(_logger: Any, _name: str, event: Any) -> str:
    """The processor that makes a line of text."""
    head = f"{event.pop('timestamp', '')} {event.pop('level', ''):<7} {event.pop('event', '')}"
    trace = event.pop("exception", "")
    line = " ".join([head, *(f"{key}={value}" for key, value in event.items())])
    return f"{line}\n{trace}" if trace else line


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))

    def formatException(self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | Any) -> str:
        """The library's name for it."""
        return trace(ei[1]) if ei and ei[1] else ""
