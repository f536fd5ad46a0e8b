"""The emulators as one process of their own: `python -m bot.sandbox`, a JSON line in, a JSON line of addresses out.

In: `{"zalo_oa": {…OaConfig}, "zalo_bot": {…}, "telegram": {…}, "source": {…}, "ports": {"telegram": 8081}}`, only the
named ones start. Out: `{"zalo_oa": "http://127.0.0.1:…", …}`. It ends when its standard input closes.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web

from bot.sandbox import source_system, telegram, zalo_bot, zalo_oa


def _telegram(values: dict[str, Any]) -> web.Application:
    bots = {token: telegram.BotConfig(**bot) for token, bot in values.pop("bots").items()}
    return telegram.app(telegram.Config(bots=bots, **values))


MAKERS: dict[str, Callable[[dict[str, Any]], web.Application]] = {
    "zalo_oa": lambda values: zalo_oa.app(zalo_oa.OaConfig(**values)),
    "zalo_bot": lambda values: zalo_bot.app(zalo_bot.BotConfig(**values)),
    "telegram": _telegram,
    "source": lambda values: source_system.app(source_system.Config(**values)),
}


async def start(stack: AsyncExitStack, app: web.Application, port: int = 0) -> str:
    """Serve one application on loopback until the stack closes; its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


async def main() -> None:
    """Start what was asked for, say where, and wait for the end of the input."""
    asked = json.loads(sys.stdin.readline())
    ports = asked.pop("ports", {})
    async with AsyncExitStack() as stack:
        made = {name: MAKERS[name](values) for name, values in asked.items()}
        addresses = {name: await start(stack, app, ports.get(name, 0)) for name, app in made.items()}
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
