"""What the gazetteer gives back: provinces, communes, candidates for a name, neighbours of a point."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Province:
    """A province or centrally-run city. `code` has two digits; `type` is "Tỉnh" or "Thành phố"."""

    code: str
    type: str
    name: str

    @property
    def full_name(self) -> str:
        """As it is written inside a sentence: "tỉnh Điện Biên"."""
        return f"{self.type.lower()} {self.name}"


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune-level unit as it is today. `code` has five digits; `type` is Xã, Phường or Đặc khu.

    `lat` and `lon` are its centroid in WGS 84 degrees, `area` is in km² (0 when the source does not say), `former` the
    units it was made of, written in full, those of its own name first. `until` is the last day of one that is no more,
    "" for the others; what it became, as far as known, are `successors`.
    """

    code: str
    type: str
    name: str
    province: Province
    lat: float
    lon: float
    area: float
    former: tuple[str, ...]
    until: str = ""
    successors: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Type and name: "xã Thanh Nưa"."""
        return f"{self.type.lower()} {self.name}"

    @property
    def full_name(self) -> str:
        """Type, name and province: "xã Thanh Nưa, tỉnh Điện Biên"."""
        return f"{self.title}, {self.province.full_name}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commune that a text may mean. `score` is 0..1; `former` has the old unit that was named first, if one was."""

    commune: Commune
    score: float
    former: tuple[str, ...]

    @property
    def code(self) -> str:
        """The commune's code."""
        return self.commune.code

    @property
    def name(self) -> str:
        """The commune's name without its type."""
        return self.commune.name

    @property
    def type(self) -> str:
        """Xã, Phường or Đặc khu."""
        return self.commune.type

    @property
    def province(self) -> str:
        """The name of the commune's province."""
        return self.commune.province.name

    def to_json(self) -> dict[str, object]:
        """Plain data for programs."""
        return {
            "code": self.code,
            "name": self.name,
            "type": self.type,
            "province": self.province,
            "province_code": self.commune.province.code,
            "former": list(self.former),
            "score": round(self.score, 3),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """Which communes a text may mean, best first, at most five.

    `ask`: the citizen must choose, or say more. `fits`: how many communes fit, which may be more than five: then
    ask for the province, one of `provinces` (codes, best first). `province` is the one that a text names when it names
    nothing else: then ask which commune in it; the candidates are those that are called as it is. `coverage` is the
    share (0..1) of the words that speak of the place, `typed` whether a word such as "xã" stands before the name:
    together they tell a place from a question. `divided` is the former unit, in full, when all candidates are its
    parts: then ask which one the hamlet belongs to.
    """

    candidates: tuple[Candidate, ...] = ()
    ask: bool = False
    fits: int = 0
    provinces: tuple[str, ...] = ()
    coverage: float = 0.0
    typed: bool = False
    province: str = ""
    divided: str = ""

    @property
    def place_only(self) -> bool:
        """Whether the text says nothing but a place."""
        good = bool(self.candidates) and self.candidates[0].score >= 0.8
        return (good or bool(self.province)) and self.coverage >= 0.75


@dataclass(frozen=True, slots=True)
class Near:
    """A commune near a point; `km` is the distance from the point to its centroid."""

    commune: Commune
    km: float


@dataclass(frozen=True, slots=True)
class Nearby:
    """The communes nearest to a point, best first; `ask` unless the point is clearly inside the first one."""

    communes: tuple[Near, ...] = ()
    ask: bool = False
