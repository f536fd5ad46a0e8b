"""Starting the sandbox's process from the demo, the tests and the benchmarks, and setting the scene in it."""

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.config import ROOT


@dataclass(frozen=True)
class Emulators:
    """Addresses by name, and the made-up credentials that both sides were given."""

    addresses: dict[str, str]
    secrets: dict[str, str] = field(repr=False)

    async def control(self, name: str, path: str, /, **body: Any) -> Any:
        """One call of the control API; raises on anything but success."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.addresses[name]}/_control/{path}", json=body) as answer,
        ):
            answer.raise_for_status()
            return await answer.json()

    async def look(self, name: str, path: str) -> Any:
        """One question to the control API."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.addresses[name]}/_control/{path}") as answer,
        ):
            answer.raise_for_status()
            return await answer.json()

    def settings(self) -> dict[str, Any]:
        """The product's settings that point it at the sandbox: base addresses and credentials, nothing else."""
        held = self.secrets
        return {
            "telegram_token": held["telegram_token"],
            "telegram_base_url": self.addresses["telegram"],
            "telegram_secret": held["telegram_secret"],
            "zalo_app_id": held["app_id"],
            "zalo_app_secret": held["app_secret"],
            "zalo_oa_id": held["oa_id"],
            "zalo_oa_secret_key": held["oa_secret_key"],
            "zalo_oa_access_token": held["access_token"],
            "zalo_oa_refresh_token": held["refresh_token"],
            "zalo_oa_base_url": self.addresses["zalo_oa"],
            "zalo_oauth_base_url": self.addresses["zalo_oa"],
            "zalo_bot_token": held["bot_token"],
            "zalo_bot_secret": held["bot_secret"],
            "zalo_bot_base_url": self.addresses["zalo_bot"],
            "source_system": "http_json",
            "source_base_url": self.addresses["source"],
            "source_username": "thontin",
            "source_password": held["source_password"],
        }


def made_up() -> dict[str, str]:
    """Credentials for one sandbox."""
    return {
        "telegram_token": f"7100000001:{secrets.token_urlsafe(26)}",
        "telegram_secret": secrets.token_urlsafe(24),
        "app_id": "3608465248940903967",
        "app_secret": secrets.token_urlsafe(15),
        "oa_id": "388613280878808645",
        "oa_secret_key": secrets.token_urlsafe(15),
        "access_token": secrets.token_urlsafe(40),
        "refresh_token": secrets.token_urlsafe(40),
        "bot_token": f"1459232241454765289:{secrets.token_urlsafe(26)}",
        "bot_secret": secrets.token_urlsafe(24),
        "source_password": secrets.token_urlsafe(12),
    }


def asked_for(held: dict[str, str], title: str) -> dict[str, Any]:
    """What the sandbox's process is told."""
    return {
        "zalo_oa": {
            **{key: held[key] for key in ("app_id", "app_secret", "oa_id", "oa_secret_key")},
            "access_token": held["access_token"],
            "refresh_token": held["refresh_token"],
            "oa_name": title,
            "allow_loopback": True,
        },
        "zalo_bot": {"token": held["bot_token"], "account_name": f"Bot {title}", "allow_loopback": True},
        "telegram": {
            "bots": {held["telegram_token"]: {"id": 7100000001, "username": "thontin_bot", "name": title}},
            "allow_loopback": True,
        },
        "source": {"accounts": {"thontin": held["source_password"]}},
    }


@asynccontextmanager
async def emulators(title: str = "Thôn Tin", **changed: dict[str, Any]) -> AsyncIterator[Emulators]:
    """Run the sandbox in a process of its own; it ends with this block, or with us."""
    held = made_up()
    asked = asked_for(held, title)
    for name, values in changed.items():
        asked[name] = {**asked[name], **values}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.sandbox", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None  # asked for above
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        await process.stdin.drain()
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        yield Emulators(json.loads(line), held)
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
