"""People called Dung, Huy or Ngừng, from Xa Dung or An Toàn: at every question of every dialogue they are understood.

Nobody is unsubscribed, no dialogue is lost, and where words are asked for the words land there.
"""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import handlers
from handlers import answers
from storage import Transaction, citizens, reports
from storage.citizens import Follow
from storage.officials import Official
from storage.reports import ReportEvent
from tests.handlers.stage import Stage, Villager
from tests.handlers.steps import CHOICES, FILED, FREE, STEPS, Way


def _answered(*keys: str) -> Way:
    """A citizen with two reports that were answered, who presses these."""

    def go(stage: Stage) -> Villager:
        hoa = stage.follower()
        for _ in range(2):
            for line in (*FILED, "không"):
                hoa.say(line)
            told = hoa.report().id or 0
            stage.do(lambda tx, told=told: _answer(stage, tx, told))  # type: ignore[misc]
        hoa.arrives()
        for key in keys:
            hoa.say(key)
        return hoa

    return go


def _answer(stage: Stage, tx: Transaction, told: int) -> None:
    row = reports.of(tx, told)
    assert row
    official = tx.add(Official(username=f"minh{told}", name="Lò Văn Minh", title="Chủ tịch", commune="03328",
                                       password_hash="", created_at=tx.now))  # fmt: skip
    answers.by_official(tx, row, official, "answered", "Điện lực đã dựng lại cột.", stage.know)


ASKED_CHOICES = {**CHOICES, "offer.which": _answered("22")}
ASKED_FREE = {**FREE, "offer.add": _answered("22", "1")}
ASKED = {**STEPS, **ASKED_CHOICES, **ASKED_FREE}
TYPED = ["Dung", "dung", "Dũng", "huy", "HUY", "An Toàn", "an toan", "AN TOAN", "Xa Dung", "xã Xa Dung", "Phan Anh",
         "Nguyễn Thị Dung", "dung nhan"]  # fmt: skip
# What ends the question it answers: a hamlet, words for a report, and "an toàn" to whether somebody is in danger.
ENDS = {"commune.hamlet": TYPED, "offer.add": TYPED, "safety.called": ["an toan", "AN TOAN"]}
STOPPED = "privacy.stopped"  # the one step whose citizen has left already


def questions() -> set[str]:
    """Every question that stands in the stories, as "story.step"."""
    calls = [
        node.args
        for path in Path(handlers.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "ask"
    ]
    pairs = [[one.value for one in args[:2] if isinstance(one, ast.Constant)] for args in calls]
    return {".".join(map(str, pair)) for pair in pairs if len(pair) == 2}


def test_the_walk_knows_every_question_there_is() -> None:
    assert questions() == set(ASKED)


@pytest.mark.parametrize("step", ASKED)
def test_no_name_and_no_place_stops_anything_or_loses_anything(stage: Stage, step: str) -> None:
    for typed in TYPED:
        villager = ASKED[step](stage)
        assert villager.step() == step
        followed = follows(stage, villager)
        said = villager.say(typed)
        citizen = villager.citizen()
        assert said, typed
        assert citizen is not None, f"{typed}: forgotten"
        assert bool(citizen.stopped_at) == (step == STOPPED), f"{typed}: unsubscribed"
        assert followed <= follows(stage, villager), f"{typed}: a commune is lost"
        assert villager.step() or typed in ENDS.get(step, ()), f"{typed}: the dialogue is gone"


def follows(stage: Stage, villager: Villager) -> set[str]:
    citizen = villager.citizen()
    return {one.commune for one in stage.rows(Follow, Follow.citizen_id == citizen.id)} if citizen else set()


def data(stage: Stage, villager: Villager, name: str) -> str:
    """What the open dialogue has gathered under a name."""
    address = villager.address()
    state = stage.database.vault.open_json(address.state_sealed) if address else None
    return str((state or {}).get("data", {}).get(name, ""))


def _hamlet(stage: Stage, villager: Villager) -> str:
    citizen = villager.citizen()
    assert citizen
    return stage.do(lambda tx: next(one.hamlet for one in citizens.follows(tx, citizen.id or 0) if one.hamlet))


def _added(stage: Stage, villager: Villager) -> str:
    return stage.database.vault.open([one for one in stage.rows(ReportEvent) if one.kind == "addition"][-1].text_sealed)


LANDS: dict[str, Callable[[Stage, Villager], str]] = {
    "commune.hamlet": _hamlet,
    "report.where": lambda stage, villager: data(stage, villager, "place"),
    "report.describe": lambda stage, villager: data(stage, villager, "words"),
    "report.name": lambda stage, villager: data(stage, villager, "name"),
    "report.hamlet": lambda stage, villager: data(stage, villager, "hamlet"),
    "offer.add": _added,
}


@pytest.mark.parametrize(
    "typed", ["Dung", "dung", "huy", "Ngừng", "ngừng", "NGUNG", "An Toàn", "an toan", "Xa Dung", "Phan Anh", "dừng"]
)
@pytest.mark.parametrize("step", LANDS)
def test_where_words_are_asked_for_they_land(stage: Stage, step: str, typed: str) -> None:
    villager = ASKED[step](stage)
    villager.say(typed)
    citizen = villager.citizen()
    assert citizen is not None
    assert not citizen.stopped_at
    assert LANDS[step](stage, villager) == typed


def test_every_place_where_words_are_asked_for_is_looked_at() -> None:
    assert set(LANDS) == set(ASKED_FREE) - {"report.phone"}


@pytest.mark.parametrize("typed", ["Dung", "huy", "Ngừng", "An Toàn", "Xa Dung"])
def test_a_name_is_no_phone_number_and_the_name_given_before_is_kept(stage: Stage, typed: str) -> None:
    villager = ASKED["report.phone"](stage)
    villager.say(typed)
    assert villager.step() == "report.phone"
    assert data(stage, villager, "name") == "Lò Thị Hoa"


@pytest.mark.parametrize(
    ("typed", "commune"),
    [("Xa Dung", "03208"), ("xa xa dung", "03208"), ("Xã An Toàn", "21622"), ("xa an toan", "21622")],
)
def test_a_commune_called_so_can_be_followed(stage: Stage, typed: str, commune: str) -> None:
    villager = stage.villager()
    villager.say(typed)
    while villager.step() in ("commune.several", "start.consent", "commune.province"):
        villager.say("1")
    assert commune in follows(stage, villager)


@pytest.mark.parametrize(("commune", "typed"), [("03328", "An Toàn"), ("21622", "an toan"), ("03328", "Xa Dung")])
def test_somebody_in_danger_says_where_and_is_not_taken_for_safe(stage: Stage, commune: str, typed: str) -> None:
    villager = stage.follower(commune)
    for line in ("cháy nhà, cứu với", typed):
        villager.say(line)
    assert villager.step().startswith("report.")
    assert data(stage, villager, "words") == f"cháy nhà, cứu với\n{typed}"
