"""The journal of erasures: on the disk before the commit, readable after a crash, and it forgets the right people."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from storage import Database, citizens, forgetting
from storage.citizens import Address, Citizen
from storage.erasures import Erasure, Journal, read
from tests.storage.people import follower

ONE, TWO = Erasure(5, 7, 3), Erasure(6, 8, 4)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "data" / "erasures.jsonl")


def test_it_is_synced_before_it_returns_and_only_we_may_read_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    journal.note(ONE)
    assert journal.path.stat().st_size in synced
    assert len(synced) == 2  # the folder has a new name in it
    assert journal.path.stat().st_mode & 0o777 == 0o600
    journal.note(TWO)
    assert list(read(journal.path)) == [ONE, TWO]


def test_a_line_that_a_crash_cut_off_swallows_no_other(journal: Journal) -> None:
    journal.note(ONE)
    with journal.path.open("a") as opened:
        opened.write('{"at": 5, "cit')
    journal.note(TWO)
    assert list(read(journal.path)) == [ONE, None, TWO]


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"at": "khi", "citizen": 1, "since": 2}', "\xff"])
def test_what_is_no_erasure_erases_nobody(journal: Journal, line: str) -> None:
    journal.note(ONE)
    with journal.path.open("a") as opened:
        opened.write(f"{line}\n")
    assert [one for one in read(journal.path) if one] == [ONE]


def test_an_erasure_is_written_down_without_anything_of_the_person(database: Database, journal: Journal) -> None:
    database.erasures = journal
    with database.transaction() as tx:
        address = follower(tx)
        citizen = tx.session.get(Citizen, address.citizen_id)
        assert citizen is not None
        since = citizen.created_at
        forgetting.erase(tx, citizen)
        now = tx.now
    assert list(read(journal.path)) == [Erasure(now, address.citizen_id, since)]
    assert set(json.loads(journal.path.read_text())) == {"at", "citizen", "since"}
    assert address.chat not in journal.path.read_text()


def test_an_erasure_that_cannot_be_written_down_is_not_made(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    database.erasures = Journal(tmp_path / "file" / "erasures.jsonl")
    with database.transaction() as tx:
        number = follower(tx).citizen_id
    with pytest.raises(OSError), database.transaction() as tx:
        forgetting.erase(tx, tx.session.get_one(Citizen, number))
    with database.reading() as tx:
        assert tx.session.get(Citizen, number) is not None


def test_whom_a_backup_brought_back_is_forgotten_again_and_nobody_else(database: Database) -> None:
    with database.transaction() as tx:
        back, other = follower(tx), follower(tx)
        mine = Erasure(tx.now, back.citizen_id, tx.session.get_one(Citizen, back.citizen_id).created_at)
        someone_before = replace(mine, citizen=other.citizen_id, since=mine.since - 1)  # had that number before
    with database.transaction() as tx:
        unknown = replace(mine, citizen=999)
        assert forgetting.erase_again(tx, [mine, mine, someone_before, unknown]) == 1
    with database.reading() as tx:
        assert tx.session.get(Citizen, back.citizen_id) is None
        assert tx.session.get(Address, back.id) is None
        assert citizens.known(tx, other.account_id, other.chat) is not None
