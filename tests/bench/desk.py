"""Officials in the benchmarks: they sign in on the product's real pages and press its buttons."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bot.console.passwords import hash_password
from handlers import announcements as decide
from handlers.announcements import Draft
from storage import Database, officials
from storage.announcements import Announcement
from tests.bench.rows import DAY_MS
from tests.bench.world import Product

WRITER, CHAIR = "nguoi-viet", "chu-tich"
PASSWORD = "Lúa chín đầu mùa"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


def staff(database: Database) -> None:
    """Two officials of the province, who may write and approve for every commune."""
    hashed = hash_password(PASSWORD)
    with database.transaction() as tx:
        officials.add(tx, WRITER, "Lò Văn Pản", "Công chức văn hóa", "", hashed)
        officials.add(tx, CHAIR, "Giàng A Páo", "Chủ tịch UBND", "", hashed)


def written(
    database: Database,
    commune: str,
    priority: str,
    title: str,
    body: str,
    topic: str = "",
    hamlets: tuple[str, ...] = (),
) -> Announcement:
    """A draft, as the writer's form keeps it."""
    with database.transaction() as tx:
        author = officials.named(tx, WRITER)
        assert author is not None  # by `staff`
        draft = Draft(commune, priority, topic, title, body, "UBND tỉnh, bản tin số 5", hamlets, tx.now + DAY_MS)
        row = decide.save(tx, draft, author)
        row.at_night = True  # a measurement may run at any hour
        return tx.add(row)


@dataclass(frozen=True)
class Desk:
    """The browser of somebody who is signed in."""

    session: aiohttp.ClientSession
    csrf: str

    async def press(self, row: Announcement, button: str) -> float:
        """Press `send` or `approve` under an announcement; when that was, ms UTC. Raises on a refusal."""
        at = time.time() * 1000
        form = {"csrf": self.csrf, "version": str(row.version)}
        where = f"/console/announcements/{row.code}/{button}"
        async with self.session.post(where, data=form, allow_redirects=False) as answer:
            if answer.status not in (302, 303):
                raise RuntimeError(f"{button} was answered {answer.status}: {(await answer.text())[:500]}")
        return at


@asynccontextmanager
async def signed_in(product: Product, username: str) -> AsyncIterator[Desk]:
    """Sign in at the product; signed out with the block, as a closed browser is."""
    jar = aiohttp.CookieJar(unsafe=True)  # a loopback address is no host name
    async with aiohttp.ClientSession(product.address, cookie_jar=jar) as session:
        async with session.post("/console/sign-in", data={"username": username, "password": PASSWORD}) as answer:
            found = CSRF.search(await answer.text())
        if found is None:
            raise RuntimeError(f"{username} could not sign in: {answer.status}")
        yield Desk(session, found[1])
