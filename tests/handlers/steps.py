"""How to come to every step of every dialogue, for tests that must hold at all of them."""

from collections.abc import Callable
from dataclasses import replace

from content.faq import Entry, Library
from tests.handlers.stage import Stage, Villager

Way = Callable[[Stage], Villager]


def _typed(*lines: str) -> Way:
    """A follower of Thanh Nưa who types these."""

    def go(stage: Stage) -> Villager:
        hoa = stage.follower()
        for line in lines:
            hoa.say(line)
        return hoa

    return go


def _new(*lines: str) -> Way:
    def go(stage: Stage) -> Villager:
        new = stage.villager()
        for line in lines:
            new.say(line)
        return new

    return go


def _photo(stage: Stage) -> Villager:
    hoa = stage.follower()
    hoa.send_media()
    return hoa


def _resume(stage: Stage) -> Villager:
    hoa = _typed(*DESCRIBED, "ngừng nhận tin", "2", "phản ánh")(stage)
    assert hoa.step() == "report.resume"
    return hoa


def _more(stage: Stage) -> Villager:
    """Under an answer that names what may be asked next."""
    hoa = stage.follower()
    entries = [Entry("a", "Làm căn cước ở đâu?", "Ở công an xã.", follow_ups=("b",)), Entry("b", "Lệ phí?", "Không.")]
    hoa.know = replace(hoa.know, faq=Library(entries))
    hoa.say("làm căn cước ở đâu")
    assert hoa.step() == "faq.more"
    return hoa


REPORT = ("phản ánh", "1")
WHERE = (*REPORT, "gần cầu treo")
DESCRIBED = (*WHERE, "cột điện nghiêng, sắp đổ")
CHECK = (*DESCRIBED, "xong")
FILED = (*CHECK, "1")
NAMED = (*FILED, "1", "Lò Thị Hoa")

# Choices: numbers, words, yes and no; commands are commands.
CHOICES: dict[str, Way] = {
    "start.consent": _new("#xa-03328"),
    "commune.which": _new("#xa-03328", "2"),
    "commune.province": _new("Tân Thành"),
    "commune.several": _new("Xa Dung"),
    "commune.relation": _typed("Tân Khai, Hớn Quản"),
    "commune.after": _typed("Tân Khai, Hớn Quản", "1"),
    "commune.topics": _typed("chủ đề"),
    "commune.places": _typed("xã của tôi"),
    "commune.times": _typed("giờ nhận tin"),
    "commune.hours": _typed("giờ nhận tin", "1"),
    "language.which": _typed("ngôn ngữ"),
    "privacy.stopped": _typed("ngừng"),
    "privacy.unsure": _typed("ngung"),
    "privacy.shown": _typed("dữ liệu của tôi"),
    "privacy.erase": _typed("xóa dữ liệu"),
    "safety.called": _typed("cháy nhà, cứu với"),
    "faq.offered": _typed("con trâu nhà tôi thích nghe nhạc gì"),
    "faq.more": _more,
    "report.offered": _photo,
    "report.resume": _resume,
    "report.about": _typed("phản ánh"),
    "report.commune": _new("phản ánh", "1"),
    "report.fork": _typed(*WHERE, "tôi muốn tố cáo ông trưởng bản nhận hối lộ"),
    "report.whom": _typed(*WHERE, "cán bộ xã hách dịch, vòi tiền", "2", "xong"),
    "report.check": _typed(*CHECK),
    "report.edit": _typed(*CHECK, "2"),
    "report.identity": _typed(*FILED),
}
# Names, addresses, descriptions: every word is an answer, but 0 and "ngừng nhận tin".
FREE: dict[str, Way] = {
    "commune.hamlet": _typed("Tân Khai, Hớn Quản", "1", "1"),
    "report.where": _typed(*REPORT),
    "report.describe": _typed(*WHERE),
    "report.name": _typed(*FILED, "1"),
    "report.hamlet": _typed(*NAMED),
    "report.phone": _typed(*NAMED, "bản Tâu"),
}
STEPS = {**CHOICES, **FREE}
