"""A log line says what happened and where, never what was said, by whom, or with which key."""

import asyncio
import gc
import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from bot import log

SAID = "Chồng tôi là Giàng A Páo đánh con"
TOKEN = "7100000001:AAF-abcdefghijklmnopqrstuvwxyz0123456"


@pytest.fixture(params=[False, True], ids=["text", "json"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the product's own logging writes, in both of its shapes."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    monkeypatch.setattr(sys, "stderr", stream)
    log.setup("DEBUG", json=request.param)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def fails() -> None:
    """As a story would."""
    words = SAID
    raise ValueError(f"cannot read {words!r} with bot{TOKEN}")


def test_an_error_names_its_type_and_place_and_quotes_nothing(written: io.StringIO) -> None:
    try:
        fails()
    except ValueError as error:
        structlog.get_logger().exception("story failed", account=3)
        logging.getLogger("some.library").exception("it failed")
        structlog.get_logger().error("again", exc_info=error)
    shown = written.getvalue()
    assert shown.count("builtins.ValueError") == 3
    assert "test_log.py" in shown
    assert "account" in shown
    assert "Páo" not in shown
    assert TOKEN not in shown


def test_a_cause_is_shown_too(written: io.StringIO) -> None:
    try:
        try:
            fails()
        except ValueError as error:
            raise RuntimeError(SAID) from error
    except RuntimeError:
        structlog.get_logger().exception("story failed")
    shown = written.getvalue()
    assert "RuntimeError" in shown
    assert "ValueError" in shown
    assert "Páo" not in shown


def test_tokens_in_addresses_are_taken_out(written: io.StringIO) -> None:
    for words in (f"GET /bot{TOKEN}/sendMessage", "?access_token=abc123def&x=1", "Authorization: Bearer abc123def"):
        structlog.get_logger().info("asked", url=words)
        logging.getLogger("some.library").warning("asked %s", words)
    shown = written.getvalue()
    assert TOKEN not in shown
    assert "abc123def" not in shown
    assert shown.count("[token]") == 6


async def test_an_error_that_nobody_waited_for_quotes_nothing(written: io.StringIO) -> None:
    async def background() -> None:
        fails()

    task = asyncio.create_task(background())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
    shown = written.getvalue()
    assert "never retrieved" in shown
    assert "Páo" not in shown


def test_json_lines_are_json(written: io.StringIO) -> None:
    structlog.get_logger().info("đã gửi", account="xã")
    line = written.getvalue().strip()
    if line.startswith("{"):
        assert json.loads(line)["account"] == "xã"
    else:
        assert "account=xã" in line
