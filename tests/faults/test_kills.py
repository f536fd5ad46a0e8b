"""kill -9 of a real process: at any moment, between two ranges of a spread, between a send and its settling."""

import asyncio
import random
from itertools import pairwise
from pathlib import Path

from bot import knowledge
from bot.config import load
from bot.emulators import Emulators
from bot.spread import RANGE
from content.units import Gazetteer
from handlers import announcements as decide
from storage import announcements, officials
from tests.bench.desk import WRITER, staff, written
from tests.bench.rows import WORDS
from tests.bench.world import chat_of, populate
from tests.faults.world import Stage, Tally, kept_from_writing, staged
from tests.stage import COMMUNE, Phone, until

PEOPLE, KILLS = 5_000, 20
LARGEST_HAND = 100  # what a sender without a limit may have claimed (design: one second of its pace, 100 at most)


async def test_twenty_kills_at_random_moments_of_one_run_lose_nobody(
    sandbox: Emulators, database_url: str, tmp_path: Path
) -> None:
    """Half of them fall into the start, the others among the sends."""
    dice, open_, unsettled = random.Random(1), list[int](), [0]
    async with staged(sandbox, database_url, tmp_path) as stage:
        await stage.slow(100)
        stage.people(PEOPLE)
        for _ in range(KILLS):
            before = (await stage.told())["messages"]
            product = await stage.start()
            if dice.random() < 1 / 2:
                await asyncio.sleep(dice.uniform(0.1, 1.6))
            else:
                await stage.reached("messages", before + dice.randint(1, 250))
                await asyncio.sleep(dice.uniform(0, 0.1))
            open_.append(await stage.kill(product))
            unsettled.append(await stage.unsettled())
        assert stage.states()["queued"] > 0  # the run was not over before its last kill
        await stage.start()
        ended, tally = await stage.ended(), await stage.tally(PEOPLE)
        largest = (await sandbox.look("telegram", "counts"))["open_max"]
    each = [after - before for before, after in pairwise(unsettled)]
    print(f"\n{tally}, rows {ended}, open at the kills {open_}, open or unsettled {each}, at most {largest} open")
    assert sum(count > 0 for count in each) >= KILLS // 4  # enough of the kills struck while something was under way
    assert largest <= LARGEST_HAND
    assert set(ended) <= {"sent", "unknown"}
    assert tally.lost <= ended.get("unknown", 0)  # whoever was in a hand at two kills is shown as unknown
    assert 0 < tally.repeated <= unsettled[-1]  # of each kill what was in flight or not settled, and nothing else
    assert max(each) <= LARGEST_HAND
    assert (tally.thrice, tally.unmarked) == (0, 0)


async def test_a_kill_between_two_ranges_of_a_spread_goes_on_where_it_stopped(
    sandbox: Emulators, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody. Repeated: nothing, for the first range was told before the kill."""
    size = RANGE[database_url.startswith("sqlite")]
    each = size // 500  # one of so many listens; the others have stopped, and only make the ranges long
    async with staged(sandbox, database_url, tmp_path) as stage:
        populate(stage.database, "telegram", 2 * size + 100, COMMUNE)
        stage.change("UPDATE citizen SET stopped_at = 1 WHERE id % :each <> 0", each=each)
        number = published(stage)
        trap(stage, chat_of(size * 3 // 2))
        product = await stage.start("run")
        await stage.reached("messages", size // each)
        await until(lambda: all_sent(stage))
        await until(lambda: tried(stage, product.log))
        await stage.kill(product)
        [before] = stage.ask("SELECT status, spread_after FROM announcement WHERE id = :id", id=number)
        assert before == ("publishing", size)
        release(stage)
        await stage.start("run")
        await stage.reached("messages", 2 * size // each)
        ended, tally = await stage.ended(), await stage.tally((2 * size + 100) // each)
        [after] = stage.ask("SELECT status FROM announcement WHERE id = :id", id=number)
    assert after == ("published",)
    assert ended == {"sent": (2 * size + 100) // each}
    assert tally == Tally(lost=0, repeated=0)


def published(stage: Stage) -> int:
    """A routine announcement that was decided upon; nothing of it has been spread. Its id."""
    staff(stage.database)
    row = written(stage.database, COMMUNE, "routine", "Ngày mai cúp điện", "Từ 7 giờ đến 11 giờ.")
    settings = load(_env_file=None, **stage.settings)
    with stage.database.transaction() as tx:
        know = knowledge.build(tx, knowledge.manners_of(settings), Gazetteer.load())
        author, fresh = officials.named(tx, WRITER), announcements.of(tx, row.id or 0)
        assert author is not None
        assert fresh is not None
        fresh.at_night = True  # at whatever hour the tests run
        assert decide.publish(tx, fresh, author, know, two_people=False)
    return row.id or 0


def trap(stage: Stage, chat: str) -> None:
    """The range with this chat in it cannot be written."""
    if stage.database.sqlite:
        body = "BEGIN SELECT RAISE(ABORT, 'trap'); END"
        stage.change(f"CREATE TRIGGER trap BEFORE INSERT ON delivery WHEN NEW.chat = '{chat}' {body}")
        return
    body = f"BEGIN IF NEW.chat = '{chat}' THEN RAISE EXCEPTION 'trap'; END IF; RETURN NEW; END"
    stage.change(f"CREATE FUNCTION trap() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql")
    stage.change("CREATE TRIGGER trap BEFORE INSERT ON delivery FOR EACH ROW EXECUTE FUNCTION trap()")


def release(stage: Stage) -> None:
    """It can again."""
    stage.change("DROP TRIGGER trap" + ("" if stage.database.sqlite else " ON delivery"))


async def all_sent(stage: Stage) -> bool:
    """Whether what was spread so far is settled as sent."""
    return set(stage.states()) == {"sent"}


async def tried(_stage: Stage, log: Path) -> bool:
    """Whether the range with the trap in it was tried."""
    return "spread failed" in await asyncio.to_thread(log.read_text)


async def test_a_kill_between_send_and_settle_repeats_once_and_says_so(
    sandbox: Emulators, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody. Repeated: one marked copy a person after two kills; none of what must never be repeated."""
    async with staged(sandbox, database_url, tmp_path) as stage:
        await stage.slow(500)
        chats = stage.people(6)
        phones = [await listening(sandbox, chat) for chat in chats]
        stage.change("UPDATE delivery SET once = :yes WHERE id > 3", yes=True)
        for requests, messages in ((6, 6), (3, 9)):  # the first copies, then the second ones
            product = await stage.start()
            await stage.reached("open", requests)
            with kept_from_writing(database_url):
                await stage.reached("messages", messages)
                assert stage.states()["claimed"] == requests
                await stage.kill(product)
        await stage.start()
        ended, tally = await stage.ended(), await stage.tally(6)
        texts = [await phone.texts() for phone in phones]
    assert ended == {"unknown": 6}
    assert tally == Tally(lost=0, repeated=3)
    assert texts[3:] == [[WORDS]] * 3
    for first, second in texts[:3]:
        assert first == WORDS
        assert second.startswith(f"{WORDS}\n(Gửi lại tin đã gửi lúc ")


async def listening(world: Emulators, chat: str) -> Phone:
    """A phone whose messages are kept, to be read."""
    made = await world.control("telegram", "users", name="Chị Hoa", id=chat, started=True)
    return Phone(world, "telegram", made["id"])
