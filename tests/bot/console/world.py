"""A small province on a fresh SQLite file: two communes, four officials, five villagers, and the pages over it."""

import itertools
import re
import tempfile
from functools import cache
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient
from argon2 import PasswordHasher

from bot import console, knowledge, public
from bot.config import Settings, load
from bot.context import CONTEXT, Context
from bot.fleet import Fleet
from bot.gateways.source_system import NoSource
from bot.gateways.speech import Speech
from bot.gateways.speech_engine import Engine, Failed
from bot.inbound import Inbound
from bot.media import MediaStore
from bot.spool import Spool
from bot.spread import Spread
from bot.work import Work
from content.faq import SMALLTALK, FaqIndex, Library, load_entries
from content.texts import Texts
from content.units import Gazetteer
from handlers import Knowledge
from storage import Database, Transaction, Vault, accounts, citizens, metadata, reports
from storage.accounts import Account
from storage.officials import Official
from storage.vault import new_key

HERE, THERE = "03349", "03352"  # two communes of the same province
NOW = 1_795_226_400_000  # 9 giờ 00 ngày 21/11/2026 in Viet Nam
PASSWORD = "Lúa chín đầu mùa"
OFFICIALS = (
    ("lan", "Lò Thị Lan", "Công chức Văn hóa - Xã hội", HERE),
    ("minh", "Quàng Văn Minh", "Chủ tịch UBND xã", HERE),
    ("xa", "Lường Văn Xa", "Công chức Văn hóa - Xã hội", THERE),
    ("tinh", "Nguyễn Thị Tỉnh", "Sở Văn hóa, Thể thao và Du lịch", ""),
)
Client = TestClient[web.Request, web.Application]
VAULT = Vault({"k1": new_key()})
_addresses = itertools.count(1)


class Mute:
    """An engine as it is on a machine without a voice."""

    name, version, outside = "mute", "1", False

    def missing(self) -> str:
        return "không có trên máy này"

    async def speak(self, text: str) -> bytes:
        raise Failed("không có bộ đọc trên máy này")


class World:
    """The parts behind the pages. The clock stands until it is moved."""

    def __init__(self, folder: Path, engines: tuple[Engine, ...] = (Mute(),), **settings: object) -> None:
        self.ms = NOW
        self.settings: Settings = load(_env_file=None, data_dir=folder, gtts=False, **settings)
        (folder / "thontin.db").write_bytes(_settled())
        self.work = Work(Database(f"sqlite:///{folder}/thontin.db", VAULT, lambda: self.ms))
        self.context = self._context(folder, VAULT, engines)

    def _context(self, folder: Path, vault: Vault, engines: tuple[Engine, ...]) -> Context:
        settings, work = self.settings, self.work
        know = Knowledge(Library(), _smalltalk(), _gazetteer(), Texts.load(), knowledge.manners_of(settings))
        store = MediaStore(folder / "media", vault, settings.public_url)
        fleet = Fleet(settings, work, store, NoSource(), lambda: self.ms, know.gazetteer.commune)
        inbound = Inbound(work, know, Spool(folder / "spool", vault), 1.0, fleet.wake)
        spread = Spread(work, fleet.wake)
        speech = Speech(folder, engines)
        return Context(settings, work, know, store, speech, fleet, inbound, spread, lambda: self.ms)

    def app(self) -> web.Application:
        """The pages alone."""
        app = web.Application()
        app[CONTEXT] = self.context
        console.setup(app)
        public.setup(app)
        return app

    def close(self) -> None:
        """Threads and files given back."""
        self.work.close()
        self.work.database.close()


@cache
def _settled() -> bytes:
    """The province's database as a file: made once, for fifty durable statements take their time."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/thontin.db", VAULT, lambda: NOW)
        metadata.create_all(database.engine)
        with database.transaction() as tx:
            _settle(tx)
        database.close()
        return Path(folder, "thontin.db").read_bytes()


@cache
def _gazetteer() -> Gazetteer:
    return Gazetteer.load()


@cache
def _smalltalk() -> FaqIndex:
    return FaqIndex(load_entries(SMALLTALK))


@cache
def _hashed() -> str:
    """A cheap one: the parameters travel in the hash, and every test signs in."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def _settle(tx: Transaction) -> None:
    for username, name, title, commune in OFFICIALS:
        tx.add(Official(username=username, name=name, title=title, commune=commune, password_hash=_hashed(),
                        created_at=tx.now))  # fmt: skip
    for number, channel in enumerate(("zalo_oa", "telegram", "zalo_bot"), 1):
        tx.add(Account(name=channel, channel=channel, platform_id=f"90{number}", title=f"Kênh {number}",
                       username="thanhnua_bot", created_at=tx.now))  # fmt: skip
    for channel, commune in (("zalo_oa", HERE), ("zalo_oa", HERE), ("telegram", HERE), ("zalo_bot", THERE)):
        villager(tx, channel, commune)


def villager(tx: Transaction, channel: str, commune: str) -> citizens.Address:
    """Somebody who follows a commune on a channel."""
    account = accounts.named(tx, channel)
    assert account is not None
    citizen, address = citizens.meet(tx, account.id or 0, f"chat{next(_addresses)}")
    citizens.consent(tx, citizen, "given", 1, "hash")
    citizens.follow(tx, citizen.id or 0, commune, "home")
    return address


def report(tx: Transaction, commune: str = HERE, words: str = "Cột điện nghiêng sắp đổ", **values: object) -> str:
    """File a report from a new villager; its code."""
    address = villager(tx, "zalo_oa", commune)
    filed = reports.file(
        tx, commune=commune, kind="scene", category="works", citizen_id=address.citizen_id, address_id=address.id,
        text_sealed=tx.vault.seal(words), name_sealed=tx.vault.seal("Giàng A Páo"),
        phone_sealed=tx.vault.seal("0912345678"), **values,
    )  # fmt: skip
    return filed.code


async def sign_in(client: Client, username: str, password: str = PASSWORD) -> int:
    """Fill in the sign-in form; the status it ends with, redirects not followed."""
    form = {"username": username, "password": password, "next": ""}
    async with client.post("/console/sign-in", data=form, allow_redirects=False) as response:
        return response.status


async def text_of(client: Client, where: str, status: int = 200) -> str:
    """The page at `where`, which must answer with `status`."""
    async with client.get(where) as response:
        text = await response.text()
        assert response.status == status, text
        return text


async def send(client: Client, where: str, status: int = 200, /, **form: str) -> str:
    """Send a form as the page would: with the token of the home page. The page it ends on."""
    token = re.search(r'name="csrf" value="([^"]+)"', await text_of(client, "/console"))
    assert token is not None
    async with client.post(where, data={"csrf": token[1], **form}) as response:
        text = await response.text()
        assert response.status == status, text
        return f"{response.url.path}\n{text}"
