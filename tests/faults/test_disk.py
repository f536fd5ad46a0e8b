"""The disk is full: whoever writes is told to come again, and is answered once when there is space."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from bot.emulators import Emulators
from tests.bench.world import Product, ready
from tests.faults.world import PATIENCE, Tally, kept_from_writing, staged
from tests.stage import Phone, until

PEOPLE, PER_SECOND = 120, 30
HELP = "Kênh này làm được mấy việc"


@contextmanager
def full_disk(product: Product) -> Iterator[None]:
    """No file of the process can take one more byte: the system refuses each write with an error.

    A limit on the live process, since a file system of a test's own takes rights that not everybody has.
    """
    before = resource.prlimit(product.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(product.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.prlimit(product.process.pid, resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_loses_nobody_and_whoever_writes_is_answered_once(
    sandbox: Emulators, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody. Repeated: nothing. PostgreSQL has its own disk: there it cannot be written to either."""
    async with staged(sandbox, database_url, tmp_path, telegram_per_second=PER_SECOND, headroom=0) as stage:
        stage.people(PEOPLE)
        made = await sandbox.control("telegram", "users", name="Chị Hoa", started=True)
        phone = Phone(sandbox, "telegram", made["id"])
        (tmp_path / "run.log").symlink_to("/dev/null")  # as where the journal takes the log
        product = await stage.start("run")
        await ready(product)
        await until(lambda: hooked(sandbox), PATIENCE)
        await stage.reached("messages", PER_SECOND)
        elsewhere = nullcontext() if stage.database.sqlite else kept_from_writing(database_url, "inbox")
        with full_disk(product), elsewhere:
            asked = await phone.do("text", text="trợ giúp")
            await until(lambda: refused(sandbox), PATIENCE)
            await asyncio.sleep(1)
            assert await phone.texts() == []
        await phone.hears(HELP, asked)
        # The write that hung may have been what answered; the platform comes again all the same, and is told 200.
        await until(lambda: taken(sandbox), PATIENCE)
        assert await stage.ended() == {"sent": PEOPLE}
        tally, answers = await stage.tally(PEOPLE + 1), await statuses(sandbox)
        assert product.process.returncode is None
        assert len(await phone.texts()) == 1
    print(f"\n{tally}, webhooks answered {answers}")
    assert set(answers[:-1]) == {503}
    assert tally == Tally(lost=0, repeated=0)


async def hooked(world: Emulators) -> bool:
    """Whether the platform knows where to deliver."""
    return bool((await world.look("telegram", "state"))["webhook"].get("url"))


async def statuses(world: Emulators) -> list[int]:
    """How each attempt to deliver was answered."""
    return [one["status"] for one in (await world.look("telegram", "state"))["webhook"]["log"]]


async def refused(world: Emulators) -> bool:
    """Whether an attempt was."""
    return bool(await statuses(world))


async def taken(world: Emulators) -> bool:
    """Whether the last attempt was not."""
    return (await statuses(world))[-1] == 200
