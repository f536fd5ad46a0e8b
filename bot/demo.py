"""`thontin demo`: the product, the sandbox and a page of three phones on this machine, nothing else needed."""

import asyncio
import shutil
import signal
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.config import Settings, load
from bot.console.passwords import hash_password
from bot.context import Context
from bot.database import only_one
from bot.emulators import Emulators, emulators
from bot.sandbox import phones
from bot.sandbox.__main__ import start
from bot.service import serving
from storage import Transaction, communes, officials
from storage.officials import Official

Kind = Literal["zalo_oa", "zalo_bot", "telegram"]
COMMUNE = "03328"
OFFERED = ("03328", "01969", "25357", "03127")  # communes whose links the phones offer
PASSWORD = "thontin-demo"  # shown on the page; it opens nothing but this demo on loopback
OFFICIALS = (
    ("lan", "Lò Thị Lan", "Công chức Văn hóa – Xã hội", COMMUNE),
    ("minh", "Quàng Văn Minh", "Chủ tịch UBND xã", COMMUNE),
)
PEOPLE: dict[Kind, tuple[str, str]] = {
    "zalo_oa": ("2512523625412515", "Bà Mẩy"),
    "zalo_bot": ("a1b2c3d4e5f60718293a", "Anh Sùng"),
    "telegram": ("810000001", "Chị Hoa"),
}
TITLE = "Thôn Tin Điện Biên"
TITLES: dict[Kind, str] = {"zalo_oa": TITLE, "zalo_bot": "Bot Thôn Tin", "telegram": TITLE}


def free_port(wanted: int) -> int:
    """`wanted` if nobody has it, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise OSError("no free port")


def settings_for(world: Emulators, port: int, **changed: Any) -> Settings:
    """The same settings a real deployment has; only base addresses and credentials differ."""
    data = Path(changed.pop("data_dir", load().data_dir / "demo"))
    values = {
        "data_dir": data,
        "database_url": f"sqlite:///{data}/thontin.db",
        "host": "127.0.0.1",
        "port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "controller": "UBND tỉnh Điện Biên",
        "telegram_receive": "webhook",
        "zalo_bot_receive": "webhook",
        "forward_wait_minutes": 1,
        "source_news_seconds": 2,
        "gtts": False,
        **world.settings(),
        **changed,
    }
    return load(_env_file=None, **values)


async def set_scene(world: Emulators, context: Context) -> None:
    """Two officials, three villagers, and webhooks that lead to us."""
    await context.work.write(_officials)
    await context.work.write(_nobody_sleeps)
    for name, (number, person) in PEOPLE.items():
        await world.control(name, "users", id=number, name=person)
    base = context.settings.public_url
    await world.control("zalo_oa", "webhook", url=f"{base}/webhook/zalo-oa/{world.secrets['app_id']}")


def _officials(tx: Transaction) -> None:
    for username, name, title, commune in OFFICIALS:
        if officials.named(tx, username) is None:
            hashed = hash_password(PASSWORD)
            tx.add(Official(username=username, name=name, title=title, commune=commune, password_hash=hashed,
                            created_at=tx.now))  # fmt: skip


def _nobody_sleeps(tx: Transaction) -> None:
    """The demo is looked at in the evening too: news comes at once, until an official sets quiet hours."""
    for commune in OFFERED:
        if not communes.decided(tx, commune):
            communes.set_hours(tx, commune, 0, 0)


def page(world: Emulators, context: Context) -> phones.Config:
    """What the page of phones is told."""
    base = context.settings.public_url
    known = [one for code in OFFERED if (one := context.know.gazetteer.commune(code))]
    return phones.Config(
        phones=tuple(
            phones.Phone(name, name, TITLES[name], world.addresses[name], number, person, "T")
            for name, (number, person) in PEOPLE.items()
        ),
        communes=tuple(phones.Commune(one.code, one.full_name, f"xa-{one.code}", one.lat, one.lon) for one in known),
        links=(
            phones.Link("officials", "Trang cán bộ", f"{base}/console"),
            phones.Link("source", "Hệ thống thông tin nguồn", world.addresses["source"]),
        ),
        credentials=tuple(phones.Credential(user, PASSWORD, f"{name}, {title}") for user, name, title, _ in OFFICIALS),
        media_bases=(base,),
    )


@dataclass(frozen=True)
class Stage:
    """Where the demo's pages are, and what runs behind them."""

    phones: str
    console: str
    source: str
    world: Emulators
    context: Context


@asynccontextmanager
async def playing(port: int = 0, console_port: int = 0, **changed: Any) -> AsyncIterator[Stage]:
    """The whole demo at work: sandbox, product, page of phones."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(emulators(TITLES["zalo_oa"]))
        settings = settings_for(world, free_port(console_port), **changed)
        context, _ = await stack.enter_async_context(serving(settings))
        await set_scene(world, context)
        address = await start(stack, phones.app(page(world, context)), free_port(port))
        yield Stage(address, f"{settings.public_url}/console", world.addresses["source"], world, context)


def start_over(folder: Path) -> None:
    """Forget an earlier demo. Raises `AlreadyRunning` while it still runs on that data."""
    only_one(load(_env_file=None, data_dir=folder, database_url=f"sqlite:///{folder}/thontin.db")).close()
    shutil.rmtree(folder, ignore_errors=True)


async def demo(port: int, fresh: bool, open_browser: bool = True) -> None:
    """Run until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if fresh:
        start_over(load().data_dir / "demo")
    async with playing(port, 8080) as stage:
        _announce(stage)
        if open_browser:
            webbrowser.open(stage.phones)
        await stop.wait()


def _announce(stage: Stage) -> None:
    lines = (
        "",
        f"  Ba chiếc điện thoại: {stage.phones}",
        f"  Trang cán bộ:        {stage.console}  (lan hoặc minh, mật khẩu {PASSWORD})",
        f"  Hệ thống nguồn:      {stage.source}",
        "",
        "  Ctrl+C để dừng.",
        "",
    )
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()
