"""Which commune is meant: by its name of today, a former name or a pin; what to ask when that is not clear."""

from dataclasses import dataclass

from content.commands import yes_no
from content.units import Candidate, Found
from content.vietnamese import syllables
from handlers.turn import Options, Turn

HALF = 0.5  # of the words
MOST = 4  # to choose from; the fifth choice is "none of these"


@dataclass(frozen=True)
class Meant:
    """One commune (`code`), a few to choose from, or a province to choose or to go on with; all empty: nothing."""

    code: str = ""
    communes: Options = ()
    provinces: Options = ()  # too many communes fit: which province?
    province: str = ""  # only this province was named: which commune there?
    name: str = ""  # the name that is looked for, while the province is asked
    divided: str = ""  # the former unit whose parts are to choose from

    @property
    def question(self) -> str:
        """The sentence that asks which of `communes` is meant."""
        if len(self.communes) == 1:
            return "commune.perhaps"
        return "commune.divided" if self.divided else "commune.several"


def named(turn: Turn) -> bool:
    """Whether they typed a place and nothing else. One syllable ("dung") is more often a word than a place.

    So is a yes: "da vang a" is no Đà Nẵng.
    """
    found = turn.matched.place
    if not (turn.typed and found and found.place_only):
        return False
    return len(syllables(turn.text)) > 1 and yes_no(turn.text) is None


def likely(turn: Turn) -> bool:
    """Whether what they typed speaks of a place, now that they were asked for one."""
    found = turn.matched.place
    return bool(turn.typed and found and (found.place_only or found.typed or found.coverage >= HALF))


def meant(turn: Turn, name: str = "", province: str = "") -> Meant:
    """What they mean, in the light of a name or a province they gave before."""
    if turn.heard.place:
        return _around(turn)
    if not turn.typed:
        return Meant()
    found = turn.matched.place or Found()
    if name and found.province:
        return in_province(turn, name, found.province)
    if province:
        within = turn.know.gazetteer.find(turn.text, province)
        found = within if within.candidates else found
    return _read(turn, found, turn.text)


def in_province(turn: Turn, name: str, province: str) -> Meant:
    """The communes of a name, now that the province is known."""
    found = turn.know.gazetteer.find(name, province)
    here = tuple(one for one in found.candidates if one.commune.province.code == province)
    if len(here) == 1:
        return Meant(here[0].code)
    return Meant(communes=_options(turn, here or found.candidates))


def _read(turn: Turn, found: Found, name: str) -> Meant:
    if found.province:
        return Meant(province=found.province)
    if found.fits > len(found.candidates) and len(found.provinces) > 1:
        return Meant(provinces=_provinces(turn, found), name=name)
    if len(found.candidates) == 1 and not found.ask:
        return Meant(found.candidates[0].code)
    if found.candidates:
        return Meant(communes=_options(turn, found.candidates), divided=found.divided.partition(",")[0])
    return Meant()


def _around(turn: Turn) -> Meant:
    place = turn.heard.place
    near = turn.know.gazetteer.near(place.lat, place.lon) if place else None
    if near is None or not near.communes:
        return Meant()
    if not near.ask:
        return Meant(near.communes[0].commune.code)
    return Meant(communes=[(one.commune.code, _line(one.commune.full_name)) for one in near.communes[:MOST]])


def _provinces(turn: Turn, found: Found) -> Options:
    names = {one.code: one.full_name for one in turn.know.gazetteer.provinces()}
    return [(code, _line(names[code])) for code in found.provinces[:MOST]]


def _options(turn: Turn, candidates: tuple[Candidate, ...]) -> Options:
    return [(one.code, _described(turn, one)) for one in candidates[:MOST]]


def _described(turn: Turn, one: Candidate) -> str:
    """As it is offered: its full name, and what it was called before where that is not the same."""
    name = _line(turn.place_name(one.code))
    before = one.former[0].partition(",")[0] if one.former else ""
    return f"{name} (có {before} cũ)" if before and one.name.lower() not in before.lower() else name


def _line(name: str) -> str:
    """A name at the beginning of a line: "Xã Thanh Nưa, tỉnh Điện Biên"."""
    return name[:1].upper() + name[1:]
