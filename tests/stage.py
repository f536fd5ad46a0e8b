"""What end-to-end tests play on: phones that type and tap, officials, and the product at work between them."""

import asyncio
import base64
import contextlib
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp

from bot.config import Settings
from bot.console.passwords import hash_password
from bot.context import Context
from bot.demo import COMMUNE as COMMUNE
from bot.demo import free_port, settings_for
from bot.emulators import Emulators
from bot.service import serving
from handlers import announcements as decide
from storage import Transaction, communes, officials
from storage.announcements import Announcement
from storage.officials import Official

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PATIENCE = 30.0  # seconds until a test gives up waiting; a slow machine is not a failure
ELSEWHERE = "25357"  # phường Tân Khai, far from COMMUNE
CHANNELS = ("zalo_oa", "zalo_bot", "telegram")
EASY = {
    "chat_gap": 0,
    "telegram_per_second": 1000,
    "zalo_oa_per_minute": 60_000,
    "zalo_bot_per_second": 1000,
    "source_news_seconds": 0.2,
}


class Clock:
    """ms UTC: the machine's clock and whatever a test added to it."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead


@cache
def _password() -> str:
    return hash_password("Lúa chín đầu mùa")


async def until(question: Any, seconds: float = PATIENCE) -> Any:
    """Ask again and again until the answer is true; the answer."""
    async with asyncio.timeout(seconds):
        while not (answer := await question()):  # noqa: ASYNC110 - what is asked for may be in another process
            await asyncio.sleep(0.02)
    return answer


def shown(item: dict[str, Any]) -> str:
    """What one bubble shows, its buttons included."""
    return "\n".join([item["text"], *(button["label"] for row in item["buttons"] for button in row)])


@dataclass
class Phone:
    """One person's phone on one platform."""

    world: Emulators
    channel: str
    id: str
    seen: int = 0  # the last bubble that `hears` or `say` looked at

    async def do(self, action: str, **told: Any) -> int:
        """Do something on the phone; the number of the bubble it made."""
        made = await self.world.control(self.channel, f"users/{self.id}/do", action=action, **told)
        return int(made["n"])

    async def items(self, after: int = 0, who: str = "bot", wait: float = 0) -> list[dict[str, Any]]:
        """The bubbles after one of them."""
        told = await self.world.look(self.channel, f"users/{self.id}/chat?after={after}&wait={wait:.0f}")
        return [one for one in told["items"] if one["who"] == who]

    async def texts(self, after: int = 0) -> list[str]:
        """What the bot said."""
        return [one["text"] for one in await self.items(after)]

    async def hears(self, part: str, after: int | None = None) -> dict[str, Any]:
        """Wait for a bubble of the bot, after the last one looked at, that holds `part`."""
        after = self.seen if after is None else after
        ends = time.monotonic() + PATIENCE
        while True:
            said = await self.items(after, wait=1)
            found = next((one for one in said if part in shown(one) or part == one["kind"]), None)
            if found is not None:
                self.seen = max(self.seen, found["n"])
                return found
            assert time.monotonic() < ends, f"{self.channel} never said {part!r} but {[one['text'] for one in said]}"
            await asyncio.sleep(0.03)

    async def say(self, text: str, expected: str) -> dict[str, Any]:
        """Type `text` and wait for the answer that holds `expected`."""
        return await self.hears(expected, await self.do("text", text=text))

    async def open_link(self, code: str = COMMUNE) -> int:
        """Open the link of a commune: a start payload on Telegram, a text on Zalo."""
        if self.channel == "telegram":
            return await self.do("start", payload=f"xa-{code}")
        return await self.do("text", text=f"#xa-{code}")

    async def follow(self, code: str = COMMUNE) -> None:
        """Follow a commune by its link, and agree."""
        await self.hears("do UBND", await self.open_link(code))
        await self.say("1", "Bà con sẽ nhận tin của")

    async def send_file(self, action: str, data: bytes, mime: str, **more: Any) -> int:
        """Attach a file."""
        return await self.do(action, data=base64.b64encode(data).decode(), mime=mime, **more)


@dataclass
class Deployment:
    """The product at work, and what a test does around it."""

    world: Emulators
    context: Context
    settings: Settings
    port: int
    clock: Clock
    people: list[Phone] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Where the web server answers."""
        return f"http://127.0.0.1:{self.port}"

    async def phone(self, channel: str, name: str = "Chị Hoa") -> Phone:
        """A new person."""
        made = await self.world.control(channel, "users", name=name)
        self.people.append(Phone(self.world, channel, made["id"]))
        return self.people[-1]

    async def phones(self, *channels: str) -> list[Phone]:
        """One new person on each channel."""
        return [await self.phone(channel) for channel in channels or CHANNELS]

    async def read(self, job: Any) -> Any:
        """A question to the database."""
        return await self.context.work.read(job)

    async def write(self, job: Any) -> Any:
        """A change in the database."""
        return await self.context.work.write(job)

    async def officials(self, commune: str = COMMUNE) -> tuple[Official, Official]:
        """A writer and somebody who may approve."""
        return await self.write(lambda tx: (_official(tx, "lan", commune), _official(tx, "minh", commune)))  # type: ignore[no-any-return]

    async def announce(
        self, title: str, priority: str = "routine", commune: str = COMMUNE, **more: Any
    ) -> Announcement:
        """Write and publish one, with a second person where that is needed."""
        row, minh = await self.drafted(title, priority, commune, **more)
        await self.publish(row, minh)
        return row

    async def drafted(
        self,
        title: str,
        priority: str = "routine",
        commune: str = COMMUNE,
        body: str = "Từ 7 giờ sáng.",
        speech: str = "",
    ) -> tuple[Announcement, Official]:
        """An announcement as its author leaves it, and the official who may send it."""
        lan, minh = await self.officials(commune)
        draft = decide.Draft(commune, priority, "", title, body, "", (), self.clock() + DAY_MS)

        def write(tx: Transaction) -> Announcement:
            row = decide.save(tx, draft, lan)
            row.speech_sha = speech
            tx.add(row)
            if priority == "emergency":
                decide.submit(tx, row, lan, self.context.know, two_people=True)
            return row

        return await self.write(write), minh

    async def publish(self, row: Announcement, official: Official) -> bool:
        """Press the button."""
        from storage import announcements

        def press(tx: Transaction) -> bool:
            fresh = announcements.of(tx, row.id or 0)
            assert fresh is not None
            return decide.publish(tx, fresh, official, self.context.know, two_people=True)

        done = bool(await self.write(press))
        self.context.spread.wake()
        return done

    async def quiet(self) -> None:
        """Wait until nothing is on its way any more: no event, no spread, no delivery that is due."""
        await until(self._quiet)

    async def _quiet(self) -> bool:
        for channel in CHANNELS:
            state = await self.world.look(channel, "state")
            if state["webhook"].get("pending"):
                return False
        return not await self.read(_under_way)

    async def post(self, path: str, body: bytes, **headers: str) -> tuple[int, str]:
        """Knock at a webhook as a platform would; the status and the answer."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.base + path, data=io.BytesIO(body), headers=headers) as got,
        ):
            return got.status, await got.text()

    async def get(self, path: str) -> tuple[int, str]:
        """Open a page."""
        async with aiohttp.ClientSession() as session, session.get(self.base + path) as got:
            return got.status, await got.text()

    async def last_webhook(self, channel: str) -> tuple[bytes, dict[str, str]]:
        """The body and headers of the newest event that a platform delivered."""
        log = await self.world.look(channel, "deliveries")
        return log[-1]["body"].encode(), dict(log[-1]["headers"])

    def hook(self, channel: str) -> str:
        """The path of a platform's webhook."""
        return {
            "zalo_oa": f"/webhook/zalo-oa/{self.world.secrets['app_id']}",
            "zalo_bot": "/webhook/zalo-bot/zalo-bot",
            "telegram": "/webhook/telegram/telegram",
        }[channel]


def _official(tx: Transaction, username: str, commune: str) -> Official:
    name = f"{username}-{commune}"
    found = officials.named(tx, name)
    title = {"lan": "Công chức Văn hóa – Xã hội", "minh": "Chủ tịch UBND xã"}[username]
    return found or officials.add(tx, name, f"Lò Thị {username.title()}", title, commune, _password())


def _nobody_sleeps(tx: Transaction) -> None:
    """Tests run at any hour: where they publish, news is not held until the morning."""
    for commune in (COMMUNE, ELSEWHERE):
        communes.set_hours(tx, commune, 0, 0)


def _under_way(tx: Transaction) -> bool:
    from sqlalchemy import text

    due = "state = 'claimed' OR (state = 'queued' AND held = '' AND due_at <= :now)"
    question = (
        f"SELECT (SELECT count(*) FROM delivery WHERE {due})"
        " + (SELECT count(*) FROM announcement WHERE status = 'publishing')"
        " + (SELECT count(*) FROM inbox WHERE state = 'waiting')"
    )
    return bool(tx.session.execute(text(question), {"now": tx.now}).scalar())


class Opened:
    """Opens deployments one after another on one database: a restart is the end of one and the next."""

    def __init__(self, world: Emulators, database_url: str, folder: Path, clock: Clock) -> None:
        self.world, self.database_url, self.folder, self.clock = world, database_url, folder, clock
        self.port = free_port(0)
        self._eased = False

    def settings(self, **changed: Any) -> Settings:
        """The settings of a deployment on this test's database and sandbox."""
        values = {"data_dir": self.folder / "data", "database_url": self.database_url, **EASY, **changed}
        return settings_for(self.world, self.port, **values)

    @asynccontextmanager
    async def __call__(self, **changed: Any) -> AsyncIterator[Deployment]:
        """One life of the product."""
        await self._ease()
        settings = self.settings(**changed)
        async with serving(settings, self.clock) as (context, port):
            deployment = Deployment(self.world, context, settings, port, self.clock)
            await deployment.write(_nobody_sleeps)
            url = f"{deployment.base}{deployment.hook('zalo_oa')}"
            await self.world.control("zalo_oa", "webhook", url=url)
            for channel in ("zalo_bot", "telegram"):
                if getattr(settings, f"{channel}_receive") == "webhook":
                    await until(lambda channel=channel: self._hooked(channel))
            yield deployment

    async def _hooked(self, channel: str) -> bool:
        state = await self.world.look(channel, "state")
        return bool(state["webhook"].get("url"))

    async def _ease(self) -> None:
        if not self._eased:
            with contextlib.suppress(aiohttp.ClientResponseError):
                await self.world.control("zalo_oa", "settings", enforce_limits=False, oa_per_minute=60_000)
        self._eased = True
