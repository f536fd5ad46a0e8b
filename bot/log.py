"""Logging: one line an event with ids, never a citizen's words, a name or a token."""

import logging
import re
import sys
from typing import Any

import structlog

# Tokens travel inside URLs on two platforms; a library's exception may carry the URL.
_TOKEN = re.compile(r"bot\d+(?::|%3A)[\w-]+|(?<=access_token=)[^&\s]+|Bearer\s+\S+", re.IGNORECASE)


def setup(level: str = "INFO", json: bool = False) -> None:
    """Send structlog and the standard library's logging to stderr through one redacting pipe."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    tail: list[Any] = (
        [structlog.processors.dict_tracebacks, _redact, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if json
        else [structlog.processors.format_exc_info, _redact, _plain]
    )
    structlog.configure(
        processors=[*shared, *tail],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("httpx", "httpcore", "aiohttp.access", "alembic", "apscheduler", "gtts", "telegram"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def redact(text: str) -> str:
    """`text` without anything that looks like a token."""
    return _TOKEN.sub("[token]", text)


def _redact(_logger: Any, _name: str, event: Any) -> Any:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


def _plain(_logger: Any, _name: str, event: Any) -> str:
    head = f"{event.pop('timestamp', '')} {event.pop('level', ''):<7} {event.pop('event', '')}"
    trace = event.pop("exception", "")
    line = " ".join([head, *(f"{key}={value}" for key, value in event.items())])
    return f"{line}\n{trace}" if trace else line


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
