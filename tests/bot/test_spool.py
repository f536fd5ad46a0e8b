"""The spool keeps what was said sealed, in order, across restarts, and never stops at what it cannot read."""

from pathlib import Path

import pytest

from bot.spool import Spool, SpoolFull, Unreadable
from content.message import Attached, Heard, Place
from storage import Vault
from storage.vault import new_key

SAID = Heard("telegram", "7", "42", "u1", 5, "media", "Nhà tôi ở bản Tâu", "", (Attached("image", "f1"),), Place(1, 2))


def test_what_was_said_comes_back_whole_and_in_order(tmp_path: Path, vault: Vault) -> None:
    spool = Spool(tmp_path, vault)
    for number in range(20):
        spool.put(number, SAID)
    assert [spool.open(path) for path in spool.waiting()] == [(number, SAID) for number in range(20)]
    assert not any("bản Tâu".encode() in path.read_bytes() for path in spool.waiting())


def test_a_chat_queues_behind_its_own_words_also_after_a_restart(tmp_path: Path, vault: Vault) -> None:
    Spool(tmp_path, vault).put(3, SAID)
    again = Spool(tmp_path, vault)
    assert again.holds(3, "42")
    assert not again.holds(3, "43")
    assert not again.holds(4, "42")
    path = again.waiting()[0]
    again.done(path, 3, "42")
    assert not again.holds(3, "42")
    assert again.waiting() == []


def test_a_disk_that_takes_nothing_is_said_and_leaves_nothing_half_written(tmp_path: Path, vault: Vault) -> None:
    spool = Spool(tmp_path / "spool", vault)
    (tmp_path / "spool").rmdir()
    (tmp_path / "spool").write_text("not a folder")
    with pytest.raises(SpoolFull):
        spool.put(3, SAID)
    assert not spool.holds(3, "42")


@pytest.mark.parametrize("body", ["", "k1:nonsense", "k9:gAAAA", "{}"])
def test_what_cannot_be_read_is_set_aside(tmp_path: Path, vault: Vault, body: str) -> None:
    (tmp_path / "1.heard").write_text(body)
    spool = Spool(tmp_path, vault)
    assert spool.waiting() == []
    assert (tmp_path / "1.unreadable").read_text() == body


def test_a_lost_key_costs_no_start(tmp_path: Path, vault: Vault) -> None:
    Spool(tmp_path, vault).put(3, SAID)
    spool = Spool(tmp_path, Vault({"k1": new_key()}))
    with pytest.raises((Unreadable, FileNotFoundError)):
        spool.open(tmp_path / next(tmp_path.iterdir()))
    assert not spool.holds(3, "42")


def test_what_the_database_will_never_take_is_kept_aside_and_frees_its_chat(tmp_path: Path, vault: Vault) -> None:
    spool = Spool(tmp_path, vault)
    spool.put(3, SAID)
    path = spool.waiting()[0]
    spool.refused(path, 3, "42")
    assert not spool.holds(3, "42")
    assert spool.waiting() == []
    assert spool.open(path.with_suffix(".refused")) == (3, SAID)
