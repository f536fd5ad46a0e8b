"""What the benchmarks over the wire share: the product as a process of its own, a population, signed webhooks."""

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import BigInteger, Connection, Table, cast, create_engine, func, literal, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.types import String
from sqlmodel import SQLModel

from bot.config import ROOT, Settings, load
from bot.database import open_database
from bot.emulators import Emulators
from content.units import Gazetteer
from storage import Database, accounts
from storage.citizens import Address, Citizen, Follow
from storage.database import connect

PROVINCE = "11"  # Điện Biên: 45 communes, many of them written in several ways
SCATTER, MODULUS = 48_271, 2_147_483_647  # chats in no order, none twice (Lehmer's generator is a permutation)
FIRST_CHAT = 10**17


@dataclass(frozen=True)
class Product:
    """`thontin run` at work. `folder` holds its data and its log."""

    process: asyncio.subprocess.Process
    address: str
    folder: Path
    log: Path = field(repr=False)

    def rss_mib(self, peak: bool = False) -> float:
        """Resident memory now, or the most it ever was, in MiB."""
        name = "VmHWM:" if peak else "VmRSS:"
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        return round(next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024, 1)

    def cpu_s(self) -> float:
        """Processor time it has used so far, seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End it; a kill cannot be refused, anything else has ten seconds."""
        if self.process.returncode is None:
            self.process.send_signal(by)
            try:
                await asyncio.wait_for(self.process.wait(), 10)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


@contextmanager
def scratch(database: str | None) -> Iterator[tuple[Path, str]]:
    """An empty folder and the address of an empty database: SQLite in the folder, else a new one on that server."""
    with tempfile.TemporaryDirectory(prefix="thontin-bench-") as name:
        folder = Path(name)
        if not database:
            yield folder, f"sqlite:///{folder}/thontin.db"
            return
        fresh = f"bench_{secrets.token_hex(4)}"
        _administer(database, f'CREATE DATABASE "{fresh}"')
        try:
            yield folder, make_url(database).set(database=fresh).render_as_string(hide_password=False)
        finally:
            _administer(database, f'DROP DATABASE "{fresh}" WITH (FORCE)')


def _administer(database: str, statement: str) -> None:
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def settings_of(world: Emulators, folder: Path, database: str, **changed: Any) -> dict[str, Any]:
    """The settings of a real deployment; only base addresses and credentials lead to the sandbox."""
    port = free_port()
    return {
        "data_dir": str(folder),
        "database_url": database,
        "host": "127.0.0.1",
        "port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "gtts": False,
        "telegram_receive": "webhook",
        "zalo_bot_receive": "webhook",
        "log_level": "WARNING",
        **world.settings(),
        **changed,
    }


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@asynccontextmanager
async def running(settings: dict[str, Any], wait: bool = True) -> AsyncIterator[Product]:
    """`thontin run` with these settings, ready to answer unless told not to wait; ended with the block."""
    product = await begin(settings)
    try:
        if wait:
            await ready(product)
        yield product
    finally:
        await product.stop()


async def begin(settings: dict[str, Any], command: str = "run") -> Product:
    """Start the process (`run` or `worker`) and return at once."""
    folder = Path(settings["data_dir"])
    log = folder / f"{command}.log"
    env = {name: value for name, value in os.environ.items() if not name.startswith("THONTIN_")}
    env |= {f"THONTIN_{name.upper()}": str(value) for name, value in settings.items()}
    env |= {"PYTHONPATH": str(ROOT), "THONTIN_HOME": str(folder)}
    with log.open("ab") as opened:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", command, cwd=folder, env=env, stdout=opened, stderr=opened
        )
    return Product(process, f"http://127.0.0.1:{settings['port']}", folder, log)


async def ready(product: Product, seconds: float = 60.0) -> None:
    """Wait until it answers. Raises `RuntimeError` with the end of its log if it does not."""
    end = time.monotonic() + seconds
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < end and product.process.returncode is None:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{product.address}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.02)
    raise RuntimeError("thontin run did not start:\n" + product.log.read_text()[-3000:])


def opened(settings: dict[str, Any]) -> Database:
    """The product's database, its tables and accounts made, for the time before the product runs."""
    return open_database(_loaded(settings))


def _loaded(settings: dict[str, Any]) -> Settings:
    return load(_env_file=None, **settings)


def chat_of(number: int) -> str:
    """The chat id of citizen `number` (from 1) of `populate`."""
    return str(FIRST_CHAT + number * SCATTER % MODULUS)


def populate(database: Database, channel: str, size: int, commune: str = "", name: str = "") -> float:
    """Store `size` citizens who consented, each with an address on the account of `channel` and one follow.

    They follow `commune`, or in turn every commune of one province. `name`: of several accounts of a channel, which.
    Seconds it took.
    """
    started = time.perf_counter()
    codes = commune or "".join(one.code for one in Gazetteer.load().communes() if one.province.code == PROVINCE)
    with database.transaction() as tx:
        account = next(row.id for row in accounts.every(tx) if row.channel == channel and name in ("", row.name))
        now = tx.now
    with database.engine.begin() as connection:
        first = _highest(connection, Citizen) + 1
        number = _numbers(first, size)
        chat = cast(literal(FIRST_CHAT) + cast(number.c.n, BigInteger) * SCATTER % MODULUS, String)
        place = func.substr(literal(codes), number.c.n % (len(codes) // 5) * 5 + 1, 5)
        fill(connection, Citizen, number, id=number.c.n, created_at=now, consent_version=1, consented_at=now)
        fill(connection, Address, number, citizen_id=number.c.n, account_id=account, chat=chat, heard_at=now)
        fill(connection, Follow, number, citizen_id=number.c.n, commune=place, since=now)
        if not database.sqlite:
            connection.execute(select(func.setval(func.pg_get_serial_sequence("citizen", "id"), first + size)))
    if not database.sqlite:
        _analyze(database.url)
    return time.perf_counter() - started


def _highest(connection: Connection, model: type[SQLModel]) -> int:
    return int(connection.execute(select(func.coalesce(func.max(table_of(model).c.id), 0))).scalar_one())


def _numbers(first: int, size: int) -> Any:
    """The numbers from `first` on, as a table."""
    counted = select(literal(first).label("n")).cte("counted", recursive=True)
    return counted.union_all(select(counted.c.n + 1).where(counted.c.n < first + size - 1))


def fill(connection: Connection, model: type[SQLModel], source: Any, **given: Any) -> None:
    """One row of `model` for each row of `source`: what is not given has the model's own default."""
    table, fields = table_of(model), model.model_fields
    columns = [one for one in table.columns if one.name in given or one.name != "id"]
    values = [given.get(one.name, fields[one.name].default) for one in columns]
    made = [one if hasattr(one, "comparator") else literal(one) for one in values]
    connection.execute(table.insert().from_select([one.name for one in columns], select(*made).select_from(source)))


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]


def _analyze(url: str) -> None:
    engine = connect(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


@dataclass(frozen=True)
class Phones:
    """Zalo's side of the webhook: builds the events of people and signs them as Zalo does (zalo reference §8.2)."""

    app_id: str
    oa_id: str
    secret: str = field(repr=False)
    address: str

    @classmethod
    def of(cls, world: Emulators, product: Product) -> "Phones":
        """Of the sandbox's OA, writing to `product`."""
        held = world.secrets
        where = f"{product.address}/webhook/zalo-oa/{held['app_id']}"
        return cls(held["app_id"], held["oa_id"], held["oa_secret_key"], where)

    def signed(self, chat: str, words: str) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of one text message."""
        stamp = str(time.time_ns() // 1_000_000)
        body = {
            "app_id": self.app_id,
            "user_id_by_app": chat[::-1],
            "event_name": "user_send_text",
            "timestamp": stamp,
            "sender": {"id": chat},
            "recipient": {"id": self.oa_id},
            "message": {"msg_id": secrets.token_hex(10), "text": words},
        }
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        proof = hashlib.sha256(self.app_id.encode() + raw + stamp.encode() + self.secret.encode()).hexdigest()
        return raw, {"Content-Type": "application/json", "X-ZEvent-Signature": f"mac={proof}"}

    async def say(self, session: aiohttp.ClientSession, chat: str, words: str) -> int:
        """Post one message; the status of the answer, 0 when there was none within Zalo's two seconds."""
        raw, headers = self.signed(chat, words)
        try:
            async with session.post(
                self.address, data=raw, headers=headers, timeout=aiohttp.ClientTimeout(total=2.0)
            ) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


def share(values: Sequence[float], part: float) -> float:
    """The value that `part` (0..1) of `values` do not exceed; 0 of nothing."""
    order = sorted(values)
    return order[min(len(order) - 1, int(len(order) * part))] if order else 0.0


def median(values: Sequence[float]) -> float:
    """The middle of `values`."""
    return statistics.median(values)
