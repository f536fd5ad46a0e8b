"""Who may get which entry: one's own commune's before the common one, nobody else's, and nothing after its day."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date

import pytest

from content.faq import STARTER, Entry, Library, index, load_entries
from content.faq.asked import Asked
from content.faq.compiled import Compiled
from content.faq.evidence import Evidence, Near, compare

HERE, THERE = "03328", "25357"
TODAY = date(2026, 11, 26)
HOURS = Entry("gio", "Bộ phận một cửa làm việc mấy giờ?", "Từ 7 giờ.")
OTHERS = (
    Entry("khai-sinh", "Làm khai sinh cho con cần gì?", "Giấy chứng sinh."),
    Entry("chung", "Chứng thực ở đâu?", "Ở xã."),
)
STARTERS = [one for one in load_entries(STARTER) if one.status == "served" and "giờ" not in one.question]
ASKED = "bộ phận một cửa làm việc mấy giờ"


def best(library: Library, commune: str, asked: str = ASKED) -> tuple[str, bool]:
    """The answer that somebody of a commune gets, and whether it is sure."""
    found = library.search(asked, commune)
    if not found:
        return "", False
    entry = library.entry(found[0].id, commune)
    return (entry.answer if entry else "", found[0].confident)


def test_a_communes_own_entry_stands_in_for_the_common_one_there_and_nowhere_else() -> None:
    own = replace(HOURS, id="gio-rieng", answer="Ở xã mình từ 8 giờ.", commune=HERE, overrides="gio")
    library = Library([HOURS, *OTHERS, own], TODAY)
    assert best(library, HERE) == ("Ở xã mình từ 8 giờ.", True)
    assert best(library, THERE) == best(library, "") == ("Từ 7 giờ.", True)
    assert library.entry("gio-rieng", THERE) is None
    assert library.entry("gio", HERE) is own


def test_a_hundred_communes_with_their_own_are_in_nobodys_way() -> None:
    own = [replace(HOURS, id=f"gio-{n}", answer=f"Xã {n}.", commune=f"{n:05}", overrides="gio") for n in range(100)]
    alone = [Entry(f"cho-{n}", "Chợ phiên họp ngày nào?", f"Chợ {n}.", commune=f"{n:05}") for n in range(100)]
    library = Library([*own, HOURS, *STARTERS, *alone], TODAY)
    assert best(library, "00042") == ("Xã 42.", True)
    assert best(library, THERE) == ("Từ 7 giờ.", True)
    assert best(library, "00042", "chợ phiên họp ngày nào") == ("Chợ 42.", True)
    assert not [one for one in library.search("chợ phiên họp ngày nào", THERE, 20) if one.id.startswith("cho-")]


def test_who_lives_where_questions_are_its_own_is_answered_from_what_was_weighed_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = [Entry("cho", "Chợ phiên họp ngày nào?", "Chợ Sinh.", commune=HERE)]
    entries = [HOURS, *OTHERS, *STARTERS, *own]
    fresh = {asked: Library(entries, TODAY).search(asked, HERE) for asked in (ASKED, "chợ phiên họp ngày nào")}
    library, compared = Library(entries, TODAY), list[str]()

    def counted(asked: Asked, entry: Compiled, near: Near) -> Evidence:
        compared.append(entry.entry.id)
        return compare(asked, entry, near)

    monkeypatch.setattr(index, "compare", counted)
    for asked, expected in fresh.items():
        found = library.search(asked)
        before = len(compared)
        assert before
        assert library.narrowed(found, asked, HERE) == expected
        assert set(compared[before:]) <= {"cho"}
        compared.clear()
    library.put(replace(own[0], answer="Chợ chuyển ngày."))  # edited: nothing that was weighed before holds
    library.search(ASKED, HERE)
    assert len(compared) > 1


def test_another_communes_entry_does_not_take_the_certainty_from_the_common_one() -> None:
    twin = replace(HOURS, id="doi", commune=THERE)  # the same words, and it replaces nothing
    assert best(Library([HOURS, *OTHERS, twin], TODAY), HERE) == ("Từ 7 giờ.", True)
    assert best(Library([HOURS, *OTHERS, twin], TODAY), THERE)[1] is False  # there, two entries are alike


def test_an_override_is_found_by_itself_while_the_common_one_is_not_served() -> None:
    own = replace(HOURS, id="rieng", answer="Từ 8 giờ.", commune=HERE, overrides="gio")
    for common in ([], [replace(HOURS, status="draft")], [replace(HOURS, valid_until=date(2026, 11, 25))]):
        library = Library([*common, *OTHERS, own], TODAY)
        assert best(library, HERE) == ("Từ 8 giờ.", True)
        assert best(library, THERE)[1] is False
        library.put(HOURS)
        assert best(library, HERE) == ("Từ 8 giờ.", True)
        assert best(library, THERE) == ("Từ 7 giờ.", True)
        library.remove("rieng")
        assert best(library, HERE) == ("Từ 7 giờ.", True)


def test_an_override_that_expired_or_is_a_draft_leaves_the_common_one() -> None:
    own = replace(HOURS, id="rieng", answer="Từ 8 giờ.", commune=HERE, overrides="gio")
    for gone in (replace(own, status="draft"), replace(own, valid_until=date(2026, 11, 25))):
        assert best(Library([HOURS, *OTHERS, gone], TODAY), HERE) == ("Từ 7 giờ.", True)


def test_what_expires_leaves_on_the_day_after_its_last_and_is_in_nobodys_way() -> None:
    old = replace(HOURS, valid_until=TODAY, answer="Đến hết hôm nay.")
    newer = replace(HOURS, id="moi", answer="Từ ngày mai.")
    library = Library([old, *OTHERS], TODAY)
    assert best(library, HERE) == ("Đến hết hôm nay.", True)
    library.roll(date(2026, 11, 27))
    assert best(library, HERE)[1] is False
    assert library.entry("gio", HERE) is None
    library.put(newer)
    assert best(library, HERE) == ("Từ ngày mai.", True)
    library.roll(TODAY)  # a clock set right
    assert library.entry("gio", HERE) == old


def test_what_is_taken_out_twice_or_was_never_there_does_no_harm() -> None:
    library = Library([HOURS], TODAY)
    library.remove("gio")
    library.remove("gio")
    library.remove("nothing")
    assert (len(library), library.entry("gio")) == (0, None)


def test_an_entry_that_is_being_edited_is_not_gone_for_who_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = replace(HOURS, answer="Từ 8 giờ.")
    library, leave, seen = Library([HOURS], TODAY), Library._leave, list[Future[Entry | None]]()
    with ThreadPoolExecutor() as pool:

        def read_meanwhile(self: Library, id: str) -> None:
            leave(self, id)
            seen.append(pool.submit(self.entry, id))
            wait(seen, timeout=0.1)

        monkeypatch.setattr(Library, "_leave", read_meanwhile)
        library.put(newer)
        assert seen[0].result(timeout=5) == newer


def test_communes_without_entries_of_their_own_share_what_is_hidden_from_them() -> None:
    alone = [replace(HOURS, id=f"gio-{n}", commune=f"{n:05}") for n in range(3)]
    library = Library([*OTHERS, *alone], TODAY)
    assert library._not_for(HERE) is library._not_for(THERE) is library._not_for("")
    assert library._not_for("00001") == {"gio-0", "gio-2"}


@pytest.mark.parametrize("changed", ["overrides", "commune"])
def test_an_entry_that_no_longer_stands_in_gives_the_place_back(changed: str) -> None:
    own = replace(HOURS, id="rieng", answer="Từ 8 giờ.", commune=HERE, overrides="gio")
    library = Library([HOURS, *OTHERS, own], TODAY)
    library.put(replace(own, overrides="chung") if changed == "overrides" else replace(own, commune=THERE))
    assert best(library, HERE) == ("Từ 7 giờ.", True)


@pytest.mark.parametrize("commune", [HERE, THERE, "00042", ""])
def test_what_was_found_for_anybody_is_narrowed_to_what_each_commune_would_find(commune: str) -> None:
    own = replace(HOURS, id="rieng", answer="Từ 8 giờ.", commune=HERE, overrides="gio")
    alone = Entry("cho", "Chợ phiên họp ngày nào, mấy giờ?", "Thứ bảy.", commune=THERE)
    library = Library([HOURS, *OTHERS, own, alone], TODAY)
    for asked in (ASKED, "chợ phiên họp ngày nào", "khai sinh cho con"):
        assert library.narrowed(library.search(asked), asked, commune) == library.search(asked, commune)
