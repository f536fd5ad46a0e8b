"""thontin backup, restore, resume: everything comes back on either engine, or nothing does and a sentence says why."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, CheckConstraint, Float, Integer, Table
from sqlmodel import select

from bot import units
from bot.media import MediaStore
from content.message import Part
from content.units.lists import read_lists
from content.units.loader import DATA
from storage import Database, Transaction, Vault, accounts, backups, citizens, forgetting, outbox, pause
from storage.announcements import Announcement
from storage.citizens import Citizen, Follow
from storage.inbox import Inbox
from storage.media import Media
from storage.outbox import Delivery, Letter
from storage.reports import Report
from storage.vault import new_key
from tests.bot.commands.world import Home
from tests.conftest import KIND
from tests.storage.people import account, announcement, follower

WAYS = {"sqlite": ["sqlite_url"], "postgres": ["sqlite_url", "empty_url"]}[KIND]
NAME = "Sùng Thị Mẩy"
PICTURE = b"anh cot dien"
SHA = hashlib.sha256(PICTURE).hexdigest()


class Machine(Home):
    """An installation with its own folder, keys and database."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, url: str) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, patch)
        self.url = url

    def run(self, *arguments: str, typed: str = "") -> Any:
        self.here()
        return super().run(*arguments, typed=typed)

    def database(self) -> Database:
        self.here()
        return super().database()

    def here(self) -> None:
        self.set(HOME=str(self.folder), DATABASE_URL=self.url, DATA_DIR=str(self.folder / "data"))

    def do(self, job: Callable[[Transaction], Any]) -> Any:
        database = self.database()
        try:
            with database.transaction() as tx:
                return job(tx)
        finally:
            database.close()

    def held(self) -> dict[str, list[Any]]:
        """Every row of every table that a backup holds."""
        database = self.database()
        try:
            with backups.snapshot(database) as connection:
                return {one.name: [tuple(row) for row in backups.rows(connection, one)] for one in backups.tables()}
        finally:
            database.close()

    @property
    def store(self) -> MediaStore:
        return MediaStore(self.folder / "data" / "media", Vault({"k1": new_key()}), "")

    def files(self) -> set[str]:
        """What is in its data folder but the lock, which is empty."""
        found = (self.folder / "data").rglob("*")
        return {one.name for one in found if one.is_file() and one.suffix != ".lock"}


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Machine:
    """The machine that will be lost."""
    return Machine(tmp_path / "old", monkeypatch, database_url)


@pytest.fixture(params=WAYS)
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Machine:
    """A clean one: a database of either engine without a table."""
    url = f"sqlite:///{tmp_path}/new/data/thontin.db"
    if request.param == "empty_url":
        url = request.getfixturevalue("empty_url")
    return Machine(tmp_path / "new", monkeypatch, url)


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A clean one with SQLite."""
    return Machine(tmp_path / "new", monkeypatch, f"sqlite:///{tmp_path}/new/data/thontin.db")


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    return tmp_path / "thontin.tar"


# ---- a database with something in every column ----


def words_of(table: Table) -> dict[str, str]:
    """column → a word that its check allows: the last, in which nothing waits."""
    checks = (str(one.sqltext) for one in table.constraints if isinstance(one, CheckConstraint))
    return {text.split(" IN ")[0]: text.split("'")[-2] for text in checks}


def value(vault: Vault, table: Table, column: Any, number: int) -> Any:
    words = words_of(table)
    if column.name in words:
        return words[column.name]
    if column.name.endswith("_sealed"):
        return vault.seal(f"{NAME} {number}")
    if isinstance(column.type, Boolean):
        return number % 2 == 0
    if isinstance(column.type, Float):
        return 21.3 + number
    if isinstance(column.type, Integer):
        return number
    if "sha" in column.name:
        return SHA
    return f"ấp{number}"[: getattr(column.type, "length", None) or 99]


def fill(tx: Transaction) -> None:
    """Three rows in every table, and the keys' own account among them."""
    for table in backups.tables():
        tx.session.execute(table.delete())
        for number in range(1, 4):
            row = {one.name: value(tx.vault, table, one, number) for one in table.columns}
            spare = {one.name: None for one in table.columns if one.nullable} if number == 3 else {}
            tx.session.execute(table.insert().values({**row, **spare}))
    everyone = accounts.every(tx)
    for one in everyone:
        one.secrets_sealed = tx.vault.seal_json({"token": "7:bi-mat"})
        one.settings = "{}"
        tx.session.add(one)
    tx.session.flush()
    backups.number_on(tx, {})


def populated(machine: Machine) -> None:
    machine.do(fill)
    machine.store.keep(PICTURE)


def made(machine: Machine, tar: Path, *options: str) -> dict[str, Any]:
    """A backup of it."""
    said = machine.run("backup", str(tar), "--json", *options)
    assert said.exit_code == 0, said.output
    return dict(json.loads(said.stdout))


def restored(machine: Machine, tar: Path, *options: str) -> dict[str, Any]:
    said = machine.run("restore", str(tar), "--json", *options)
    assert said.exit_code == 0, said.output + repr(said.exception)
    return dict(json.loads(said.stdout))


def refused(machine: Machine, tar: Path, *options: str) -> str:
    """One sentence, exit 1, and nothing changed."""
    before = machine.files()
    said = machine.run("restore", str(tar), *options)
    assert (said.exit_code, said.stdout) == (1, ""), said.output + repr(said.exception)
    assert len(said.stderr.strip().splitlines()) == 1
    assert machine.files() == before
    return str(said.stderr)


# ---- there and back ----


def test_every_row_of_every_table_comes_back_on_either_engine(old: Machine, new: Machine, tar: Path) -> None:
    populated(old)
    before = old.held()
    assert all(len(rows) >= 3 for rows in before.values())
    told = made(old, tar)
    assert (told["rows"], told["files"]) == (sum(map(len, before.values())), 1)
    assert restored(new, tar)["paused"] is True
    after = new.held()
    note = after["audit"].pop()
    assert "restored" in note
    assert after == before
    assert new.store.path(SHA).read_bytes() == PICTURE


def test_numbers_go_on_where_they_were_also_of_who_is_gone(old: Machine, new: Machine, tar: Path) -> None:
    def leaves(tx: Transaction) -> int:
        follower(tx)
        number = follower(tx).citizen_id
        forgetting.erase(tx, tx.session.get_one(Citizen, number))
        return number

    gone = old.do(leaves)
    made(old, tar)
    restored(new, tar)
    assert new.do(lambda tx: follower(tx).citizen_id) == gone + 1
    assert new.do(lambda tx: tx.add(Report(code="PA-1", commune="03328", kind="scene", created_at=1)).id) == 1


def test_a_backup_is_of_one_moment_while_others_write(
    old: Machine, clean: Machine, tar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every writer adds a citizen with an address and a follow: in any one moment there are as many of each. A writer
    who had to wait for the backup would give up after ten seconds, and with it the backup."""
    real, wrote = backups.rows, []
    database = old.database()

    def rows(connection: Any, table: Table) -> Iterator[Any]:
        with database.transaction() as tx:
            wrote.append(follower(tx).id)
        yield from real(connection, table)
        with database.transaction() as tx:
            wrote.append(follower(tx).id)

    with monkeypatch.context() as patch:
        patch.setattr(backups, "rows", rows)
        made(old, tar)
    database.close()
    assert len(wrote) == 2 * len(backups.tables())
    restored(clean, tar)
    held = clean.held()
    assert len({len(held[name]) for name in ("address", "citizen", "follow")}) == 1
    assert len(held["address"]) < len(wrote)


def test_memory_does_not_grow_with_the_tables(old: Machine, clean: Machine, tar: Path) -> None:
    import tracemalloc

    def many(tx: Transaction) -> None:
        table = Inbox.__table__  # type: ignore[attr-defined]
        row = {"account_id": 1, "chat": "c", "kind": "text", "at": 1, "received_at": 1, "state": "done",
               "payload_sealed": "k1:" + "x" * 1000, "why": ""}  # fmt: skip
        tx.session.execute(table.insert(), [{**row, "key": str(number)} for number in range(30_000)])

    old.do(lambda tx: None)
    made(old, tar)  # everything that is loaded once is loaded
    old.do(many)
    large = tar.with_name("large.tar")
    tracemalloc.start()
    try:
        made(old, large)
        restored(clean, large)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000  # the rows are 30 MB


# ---- the file and the key ----


def test_the_key_is_apart_and_others_read_neither(old: Machine, tar: Path) -> None:
    populated(old)
    told = made(old, tar)
    key = Path(told["key"])
    text = key.read_text().strip()
    secret = text.partition(":")[2]
    assert [one.stat().st_mode & 0o777 for one in (tar, key)] == [0o600, 0o600]
    with tarfile.open(tar) as opened:
        inside = [(one.name, opened.extractfile(one).read()) for one in opened]  # type: ignore[union-attr]
    plain = [gzip.decompress(data) if name.endswith(".gz") else data for name, data in inside]
    assert len(secret) > 40
    assert not [one for one in plain if secret.encode() in one]
    assert not [one for one in plain if NAME.encode() in one or b"bi-mat" in one]
    assert inside[-1][0] == "manifest.json"
    assert {name for name, _ in inside} == {*(f"tables/{one.name}.jsonl.gz" for one in backups.tables()),
                                            f"media/{SHA}", "manifest.json"}  # fmt: skip


def test_without_the_key_only_the_backup_is_written_and_the_words_say_so(old: Machine, tar: Path) -> None:
    old.do(lambda tx: None)
    said = old.run("backup", str(tar), "--without-key")
    assert "Không kèm khóa" in said.stdout
    assert [one.name for one in tar.parent.glob("*.tar*")] == [tar.name]
    second = tar.with_name("second.tar")
    assert f"Khóa mã hóa viết riêng ở {second}.key" in old.run("backup", str(second)).stdout


def test_nothing_is_written_over_and_a_failure_leaves_nothing(
    old: Machine, tar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.do(lambda tx: None)
    tar.write_text("của người khác")
    said = old.run("backup", str(tar))
    assert (said.exit_code, "không ghi đè" in said.stderr) == (2, True)
    assert tar.read_text() == "của người khác"
    tar.unlink()

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "rows", full)
    assert old.run("backup", str(tar)).exit_code == 2
    assert [one.name for one in tar.parent.iterdir() if "tar" in one.name] == []


def test_a_database_that_is_not_there_is_no_backup(clean: Machine, tar: Path) -> None:
    said = clean.run("backup", str(tar))
    assert (said.exit_code, "không có gì để sao lưu" in said.stderr) == (1, True)
    assert not tar.exists()


def test_a_file_that_is_gone_is_counted_and_its_report_says_so(old: Machine, clean: Machine, tar: Path) -> None:
    populated(old)
    old.store.drop(SHA)
    assert made(old, tar)["files_missing"] == 1
    assert restored(clean, tar)["files_missing"] == 1
    assert {one[0] for one in clean.do(lambda tx: tx.session.exec(select(Media.state, Media.sha)).all())} == {"missing"}


def test_imported_lists_of_units_come_along_and_replace_those_of_the_new_machine(
    old: Machine, clean: Machine, tar: Path
) -> None:
    populated(old)
    called(old, "Mường Nưa Mới")
    called(clean, "Mường Nưa Khác")
    made(old, tar)
    restored(clean, tar)
    assert units.gazetteer(clean.folder / "data").commune("03328").name == "Mường Nưa Mới"  # type: ignore[union-attr]
    assert [one.name for one in (clean.folder / "data").glob("units*")] == ["units"]


def test_without_imported_lists_a_backup_holds_none_and_leaves_those_that_are_there(
    old: Machine, clean: Machine, tar: Path
) -> None:
    populated(old)
    called(clean, "Mường Nưa Khác")
    made(old, tar)
    restored(clean, tar)
    assert units.gazetteer(clean.folder / "data").commune("03328").name == "Mường Nưa Khác"  # type: ignore[union-attr]


def called(machine: Machine, name: str) -> None:
    """A list of units of this machine's own, in which xã Thanh Nưa is called otherwise."""
    lists = read_lists([DATA])
    for line in lists.communes:
        if line.row["code"] == "03328":
            line.row["name"] = name
    units.install(machine.folder / "data", lists)


# ---- what is refused ----


def rebuilt(tar: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """The same tar with other members; None leaves one out."""
    with tarfile.open(tar) as opened:
        members = [(one.name, opened.extractfile(one).read()) for one in opened]  # type: ignore[union-attr]
    with tarfile.open(tar, "w") as opened:
        for name, data in members:
            changed = change(name, data)
            if changed is not None:
                info = tarfile.TarInfo(name)
                info.size = len(changed)
                opened.addfile(info, io.BytesIO(changed))


def cut(tar: Path, share: float, more: int = 0) -> None:
    data = tar.read_bytes().rstrip(b"\0")  # a tar ends in many zeros
    tar.write_bytes(data[: int(len(data) * share) - more])


def emptied(name: str) -> Callable[[Path], None]:
    return lambda tar: rebuilt(tar, lambda one, data: None if name in one else data)


def turned(name: str) -> Callable[[Path], None]:
    """One bit of a member."""
    return lambda tar: rebuilt(tar, lambda one, data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:] if name in one
                               else data)  # fmt: skip


def renamed(tar: Path) -> None:
    """Fewer rows, and a manifest that says the same."""
    rebuilt(tar, lambda one, data: data.replace(b'"rows":3', b'"rows":2') if one == "manifest.json" else data)


DAMAGES = {
    "cut in the middle": lambda tar: cut(tar, 0.5),
    "cut before its end": lambda tar: cut(tar, 1, 2),
    "empty": lambda tar: cut(tar, 0),
    "something else": lambda tar: tar.write_bytes(b"PK\x03\x04" * 4000),
    "one bit of a table": turned("tables/citizen"),
    "one bit of a picture": turned("media/"),
    "one bit of the manifest": turned("manifest"),
    "without a table": emptied("tables/follow"),
    "without a picture": emptied("media/"),
    "without its manifest": emptied("manifest"),
    "another count": renamed,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_backup_is_refused_before_anything_is_written(
    old: Machine, clean: Machine, tar: Path, damage: Callable[[Path], None]
) -> None:
    populated(old)
    made(old, tar)
    damage(tar)
    assert "hỏng hoặc bị cắt ngang" in refused(clean, tar)
    assert clean.files() == set()


def test_a_newer_backup_is_refused(old: Machine, clean: Machine, tar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old.do(lambda tx: None)
    monkeypatch.setattr("bot.backup.newest", lambda: "9999")
    made(old, tar)
    assert "cập nhật chương trình" in refused(clean, tar)


def test_a_database_with_something_in_it_is_refused(old: Machine, new: Machine, tar: Path) -> None:
    populated(old)
    made(old, tar)
    new.do(lambda tx: follower(tx))
    before = new.held()
    new.set(KEYS=Path(f"{tar}.key").read_text().strip())
    assert "không trống" in refused(new, tar)
    new.patch.delenv("THONTIN_KEYS")
    assert new.held() == before


def test_a_backup_that_is_not_there_is_one_sentence(clean: Machine, tar: Path) -> None:
    said = clean.run("restore", str(tar))
    assert (said.exit_code, len(said.stderr.splitlines())) == (2, 1)
    assert clean.files() == set()


def test_a_failure_in_the_middle_leaves_nothing_behind_and_the_next_try_works(
    old: Machine, new: Machine, tar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    populated(old)
    called(old, "Mường Nưa Mới")
    made(old, tar)

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("bot.restore.os.sync", full)  # the last step before the commit
        assert "No space left on device" in refused(new, tar)
    assert [one for one in new.files() if not one.startswith(SHA)] == []
    restored(new, tar)
    assert new.held()["citizen"] == old.held()["citizen"]


def test_a_running_service_is_not_restored_into(old: Machine, clean: Machine, tar: Path) -> None:
    from bot.config import load
    from bot.database import only_one

    old.do(lambda tx: None)
    made(old, tar)
    clean.here()
    with only_one(load()):
        assert "đang chạy" in refused(clean, tar)


# ---- keys ----


def test_another_key_is_refused(old: Machine, clean: Machine, tar: Path, tmp_path: Path) -> None:
    populated(old)
    made(old, tar)
    other = tmp_path / "other.key"
    other.write_text(f"k1:{new_key()}\n")
    assert "không phải khóa của bản sao này" in refused(clean, tar, "--key", str(other))
    Path(f"{tar}.key").unlink()
    assert "--without-key" in refused(clean, tar)
    clean.set(KEYS=other.read_text().strip())
    assert "--without-key" in refused(clean, tar)


def test_keys_of_the_settings_that_do_not_fit_are_named_rather_than_left_to_stop_the_start(
    old: Machine, clean: Machine, tar: Path
) -> None:
    populated(old)
    made(old, tar)
    clean.set(KEYS=f"k1:{new_key()}")
    assert "THONTIN_KEYS" in refused(clean, tar)


def test_a_key_that_is_missing_among_several_is_missed(old: Machine, clean: Machine, tar: Path) -> None:
    """Half of the rows still carry the older key: the newest alone is not enough."""
    populated(old)
    first = (old.folder / "data" / "keys").read_text().strip()
    second = f"k2:{new_key()}"
    old.set(KEYS=f"{second},{first}")
    old.do(lambda tx: outbox.write_letter(tx, "telegram", (Part("text", "x"),)))
    made(old, tar)
    old.patch.delenv("THONTIN_KEYS")
    Path(f"{tar}.key").write_text(second)
    assert "không phải khóa" in refused(clean, tar)
    Path(f"{tar}.key").write_text(f"{second},{first}")
    restored(clean, tar)
    assert (clean.folder / "data" / "keys").read_text().strip() == f"{second},{first}"


def test_after_a_restore_another_key_stops_the_start_with_one_sentence(old: Machine, clean: Machine, tar: Path) -> None:
    populated(old)
    made(old, tar)
    restored(clean, tar)
    clean.set(KEYS=f"k1:{new_key()}", GTTS="false")
    said = clean.run("run")
    assert "\n" not in str(said.exception)
    assert "'k1'" in str(said.exception)
    assert type(said.exception).__name__ == "BadSetting"


def lives_on(tx: Transaction) -> None:
    """Followers, an announcement in force with its letter, a report, a conversation under way."""
    for _ in range(3):
        address = follower(tx)
    citizen = tx.session.get_one(Citizen, address.citizen_id)
    citizen.name_sealed = tx.vault.seal(NAME)
    row = announcement(tx, "emergency", status="published")
    row.title, row.body = "LŨ QUÉT bản Tâu", "Lên chỗ cao."
    talk = outbox.write_letter(tx, "telegram", (Part("text", "Chào bà con"),))
    tx.put(Delivery(letter_id=talk, account_id=account(tx).id or 0, address_id=address.id, chat=address.chat,
                    lane=outbox.STATUS, held="window", due_at=tx.now, created_at=tx.now))  # fmt: skip
    citizens.keep_state(tx, address, {"story": "report"}, tx.now)
    tx.add(Report(code="PA-AAAA-AAAA", commune="03328", kind="scene", citizen_id=citizen.id, created_at=tx.now,
                  text_sealed=tx.vault.seal("Cột điện nghiêng")))  # fmt: skip
    tx.add(Inbox(account_id=1, chat=address.chat, key="1", kind="text", at=1, received_at=tx.now, state="waiting",
                 payload_sealed=tx.vault.seal_json({"text": "x"})))  # fmt: skip


def test_without_the_key_names_and_tokens_are_lost_never_followers_or_alerts(
    old: Machine, new: Machine, tar: Path
) -> None:
    old.do(lives_on)
    made(old, tar, "--without-key")
    before = old.held()
    told = restored(new, tar, "--without-key")
    assert set(told["lost"]) == {"account.secrets_sealed", "address.state_sealed", "citizen.name_sealed",
                                 "inbox.payload_sealed", "letter.parts_sealed", "report.text_sealed"}  # fmt: skip
    after = new.held()
    assert after["follow"] == before["follow"]
    assert [one[:4] for one in after["address"]] == [one[:4] for one in before["address"]]

    def look(tx: Transaction) -> None:
        telegram = accounts.named(tx, "telegram")
        assert telegram is not None
        assert (telegram.status, accounts.secrets(tx, telegram)) == ("suspended", {})
        row = tx.session.exec(select(Announcement)).one()
        letters = tx.session.exec(select(Letter).where(Letter.announcement_id == row.id)).all()
        assert len(letters) == 2
        for letter in letters:
            assert "LŨ QUÉT bản Tâu" in outbox.parts_of(tx, letter)[0].text
        assert [one.state for one in tx.session.exec(select(Delivery)).all()] == ["never"]
        assert [one.state for one in tx.session.exec(select(Inbox)).all()] == ["done"]
        assert all(citizens.state_of(tx, one) == {} for one in tx.session.exec(select(citizens.Address)).all())
        assert len(tx.session.exec(select(Follow)).all()) == 3

    new.do(look)


# ---- afterwards ----


def test_whoever_erased_themselves_since_is_forgotten_again(old: Machine, clean: Machine, tar: Path) -> None:
    number = old.do(lambda tx: follower(tx).citizen_id)
    stays = old.do(lambda tx: follower(tx).citizen_id)
    made(old, tar)
    old.do(lambda tx: forgetting.erase(tx, tx.session.get_one(Citizen, number)))
    journal = old.folder / "data" / "erasures.jsonl"
    told = restored(clean, tar, "--erasures", str(journal))
    assert (told["erased_again"], told["journals"]) == (1, [str(journal)])
    assert [one[0] for one in clean.held()["citizen"]] == [stays]
    # The next restore, of the same backup, finds it at hand.
    assert (clean.folder / "data" / "erasures.jsonl").read_text() == journal.read_text()
    Path(clean.url.removeprefix("sqlite:///")).unlink()
    assert restored(clean, tar)["erased_again"] == 1


def test_without_a_journal_it_is_said_that_people_come_back(old: Machine, clean: Machine, tar: Path) -> None:
    number = old.do(lambda tx: follower(tx).citizen_id)
    made(old, tar)
    old.do(lambda tx: forgetting.erase(tx, tx.session.get_one(Citizen, number)))
    said = clean.run("restore", str(tar))
    assert said.exit_code == 0
    assert "Không thấy sổ xóa" in said.stdout
    assert "TẠM DỪNG GỬI" in said.stdout
    assert [one[0] for one in clean.held()["citizen"]] == [number]
    missing = clean.folder / "khong-co.jsonl"
    Path(clean.url.removeprefix("sqlite:///")).unlink()
    assert "sổ xóa" in refused(clean, tar, "--erasures", str(missing))


def test_an_announcement_that_was_being_spread_has_a_row_for_everybody_and_goes_to_nobody(
    old: Machine, new: Machine, tar: Path
) -> None:
    def begun(tx: Transaction) -> None:
        from storage import publishing

        for _ in range(4):
            follower(tx)
        row = announcement(tx, status="draft")
        assert publishing.publish(tx, row, 1, two_people=False)
        publishing.advance(tx, 2)

    old.do(begun)
    made(old, tar)
    assert restored(new, tar)["held_back"] == 4
    states = new.do(lambda tx: [one.state for one in tx.session.exec(select(Delivery)).all()])
    assert states == ["unknown"] * 4


def test_resume_lifts_the_pause_and_sends_again_only_when_asked(old: Machine, clean: Machine, tar: Path) -> None:
    def due(tx: Transaction) -> None:
        row, address = announcement(tx, status="published"), follower(tx)
        tx.put(Delivery(letter_id=1, account_id=1, address_id=address.id, chat="c", lane=5, due_at=tx.now,
                        announcement_id=row.id, created_at=tx.now))  # fmt: skip

    old.do(due)
    made(old, tar)
    restored(clean, tar)
    assert clean.do(lambda tx: pause.of(tx) is not None)
    assert json.loads(clean.run("resume", "--json").stdout) == {"was_paused": True, "sent_again": 0}
    assert clean.do(lambda tx: pause.of(tx) is None)
    assert json.loads(clean.run("resume", "--send-missed", "--json").stdout) == {"was_paused": False, "sent_again": 1}
    assert "Kênh không tạm dừng." in clean.run("resume").stdout
    assert clean.do(lambda tx: [one.state for one in tx.session.exec(select(Delivery)).all()]) == ["queued"]


def test_the_doctor_says_that_it_is_paused_and_why(old: Machine, clean: Machine, tar: Path) -> None:
    old.do(lambda tx: None)
    made(old, tar)
    restored(clean, tar)
    assert "tạm dừng gửi" in clean.run("doctor").stdout
    clean.run("resume")
    assert "tạm dừng gửi" not in clean.run("doctor").stdout
