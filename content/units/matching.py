"""Finds the names in a text and weighs what each of them may mean. Penalties count hundredths of certainty."""

from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import OSA

from content.units.index import Index, Name, Record, strange
from content.units.reading import (
    ADDRESS_WORDS,
    Before,
    Token,
    address_parts,
    manners,
    types_before,
)

MARGIN = 10.0  # what is nearer than this to the best must be asked about
WORST = 50.0  # what is further off than this is no candidate

ERROR_PLAIN = 6.0  # a typing error in a name typed without marks: its neighbours may well be meant
ERROR_MARKED = 11.0
STRANGE = 3.0  # a letter from nowhere is rarer than one left out, doubled or swapped
FURTHER = 8.0  # per letter beside the one error, when it was typed with marks
AGREED = 4.0  # a misspelt name in the district or province that was named with it
OTHER_MARKS = 12.0  # per syllable, when the name was typed with marks
LAZY_MARKS = 8.0  # the name has no mark but the rest of the text has
NO_MARKS = 0.5
OTHER_TYPE = 6.0
SIMILAR_TYPE = 2.0
AREA_TYPE = {"d": 12.0, "p": 14.0, "dp": 8.0}  # read as a commune, though "huyện" or "tỉnh" stands before it
AFTER_ADDRESS = 15.0
OTHER_COMMUNE_TYPED = 15.0
OTHER_AREA = 10.0
AREA_ERROR = 3.0
PART_OF_NAME = 10.0  # "Minh Châu" in "Dương Minh Châu"
SHORT = 6  # letters
SHORT_ERROR = 8.0
ONE_WORD = 15.0  # one syllable of a sentence
PROVINCE_NAME = 6.0  # "Khánh Hòa" after something that is not understood is rather the province
LOOSE_ERROR = 20.0  # misspelt words of a sentence
LEFT_OVER = 5.0  # per word that speaks of something else
DISTRICT_ALONE = 12.0
LONGEST_NAME = 7  # tokens
LONGEST_KEY = 30  # letters
MOST_TOKENS_WITH_ERRORS = 20


class Span(NamedTuple):
    """Tokens `start` to `end` (exclusive) read as `key`; `error` when one letter is wrong."""

    start: int
    end: int
    key: str
    error: bool

    @property
    def mask(self) -> int:
        """Its tokens, one bit each."""
        return (1 << self.end) - (1 << self.start)


@dataclass(slots=True)
class AreaHit:
    """A district or province in the text."""

    span: Span
    mask: int  # with its type word
    numbers: list[int]
    level: str


class Reading(NamedTuple):
    """One record that the text may mean. Less `penalty` is better."""

    penalty: float
    record: Record
    span: Span
    mask: int  # tokens it explains
    typed: bool  # a type word stands before it

    @property
    def loose(self) -> bool:
        """Misspelt, with no type word and no district or province beside it: likely no place at all."""
        return self.span.error and not self.typed and self.mask == self.span.mask


class Text:
    """A typed text against the index: what stands where."""

    def __init__(self, tokens: list[Token], index: Index) -> None:
        self.tokens, self.index = tokens, index
        self.before = types_before(tokens)
        self.all = (1 << len(tokens)) - 1
        self.manners = manners(tokens, self.before)
        self.addresses = address_parts(tokens, self.before)
        self.marked = any(token.has_marks for token in tokens)
        self.spans = self._spans()
        self.exact = [span for span in self.spans if not span.error and span.key in index.names]
        self.areas = self._areas()
        for hit in self.areas:
            if not hit.span.error and hit.span.end - hit.span.start > 1:
                self.manners &= ~hit.span.mask  # "ba thuoc" is Bá Thước
        self.whole = [*self.exact, *(hit.span for hit in self.areas if not hit.span.error)]
        self.typed = [span for span in self.exact if self._typed(span)]

    def _typed(self, span: Span) -> bool:
        """Whether "xã" or the like stands before it, and is not itself the end of a name: "Bạch Xa, Hàm Yên"."""
        before = self.before[span.start]
        return before.level == "c" and not any(
            before.mask & other.mask and other.end == span.start and other.end - other.start > 1 for other in self.exact
        )

    def vague(self, reading: Reading) -> bool:
        """Whether a reading must be confirmed however well it fits.

        One syllable without a type word may mean anything, and "bản Na, Tam Đường" the commune or the former district.
        """
        rest = self.all & ~reading.mask
        syllable = reading.span.end - reading.span.start == 1 and len(reading.span.key) < SHORT
        if syllable and not reading.typed and (rest or not self.marked):
            return True
        return bool(rest) and any(hit.span.mask == reading.span.mask for hit in self.areas)

    def marked_in(self, span: Span) -> str:
        """What stands there with its marks; "" when it was typed without any."""
        tokens = self.tokens[span.start : span.end]
        return "".join(token.marked for token in tokens) if any(token.has_marks for token in tokens) else ""

    def free(self, mask: int, *, accompanied: bool = True) -> int:
        """The tokens that need no explanation beside those of `mask`: manners, and addresses that start elsewhere.

        Without a type word, district or province ("accompanied") only numbered addresses are free: "hồ sơ khai sinh"
        and "ô tô loại nào" are no hamlets.
        """
        free = self.manners
        for part in self.addresses:
            first = (part & -part).bit_length() - 1
            numbered = first + 1 < len(self.tokens) and self.tokens[first + 1].folded.isdigit()
            after = part.bit_length()
            ended = after < len(self.tokens) and self.tokens[after].barrier
            if not part & -part & mask:
                free |= part if accompanied or ended else (3 << first if numbered else 0)
        return free

    def left_over(self, mask: int, *, accompanied: bool = True) -> int:
        """How many tokens speak of something else than those of `mask`."""
        return (self.all & ~(mask | self.free(mask, accompanied=accompanied))).bit_count()

    def coverage(self, reading: Reading) -> float:
        """The share (0..1) of the words that speak of the place; addresses and manners do not count against it."""
        accompanied = reading.typed or reading.mask != reading.span.mask
        left = self.left_over(reading.mask, accompanied=accompanied)
        return reading.mask.bit_count() / (reading.mask.bit_count() + left)

    def _spans(self) -> list[Span]:
        with_errors = len(self.tokens) <= MOST_TOKENS_WITH_ERRORS
        spans: list[Span] = []
        for start in range(len(self.tokens)):
            key = ""
            for end in range(start + 1, min(start + LONGEST_NAME, len(self.tokens)) + 1):
                if end - 1 > start and self.tokens[end - 1].barrier:
                    break
                key += self.tokens[end - 1].folded
                if len(key) > LONGEST_KEY:
                    break
                if key in self.index.names or key in self.index.areas:
                    spans.append(Span(start, end, key, False))
                if with_errors:
                    spans += [Span(start, end, near, True) for near in self.index.near(key)]
        return spans

    def _areas(self) -> list[AreaHit]:
        """Exact areas that are not part of a longer one, and misspelt ones where nothing exact stands."""
        exact = [s for s in self.spans if not s.error and s.key in self.index.areas]
        longest = [s for s in exact if not any(s is not o and s.mask & o.mask == s.mask for o in exact)]
        taken = 0
        for span in self.spans:
            taken |= 0 if span.error else span.mask
        wrong = [s for s in self.spans if s.error and s.key in self.index.areas and (s.mask & ~taken)]
        return [self._area(span) for span in (*longest, *wrong)]

    def _area(self, span: Span) -> AreaHit:
        before = self.before[span.start]
        mask = span.mask | (before.mask if before.level and before.level != "c" else 0)
        numbers = self.index.areas[span.key]
        # "Thành phố Cà Mau" is the former district and not the province, where there are both.
        meant = [n for n in numbers if before.level in ("", "c") or self._is_level(n, before.level)]
        level = before.level or ("d" if span.key[-1].isdigit() else "")
        return AreaHit(span, mask, meant or numbers, level)

    def _is_level(self, number: int, level: str) -> bool:
        own = self.index.levels.get(number, "d")
        return level in own or (level == "dp" and own == "d")

    def readings(self, provinces: frozenset[int]) -> list[Reading]:
        """Everything the text may mean. `provinces` are the numbers of today's provinces."""
        found: list[Reading] = []
        for span in self.spans:
            for name in self.index.names.get(span.key, ()):
                base = self._name_penalty(span, name)
                if base < WORST:
                    found += self._weigh(span, base, name.records, provinces)
        return found

    def _name_penalty(self, span: Span, name: Name) -> float:
        before = self.before[span.start]
        typed = self.tokens[span.start : span.end]
        penalty = self._marks_penalty(typed, name, error=span.error)
        if span.error:
            penalty += ERROR_MARKED if any(token.has_marks for token in typed) else ERROR_PLAIN
            penalty += STRANGE if strange("".join(token.folded for token in typed), span.key) else 0.0
        if any(span.mask & other.mask == span.mask != other.mask for other in self.whole):
            penalty += PART_OF_NAME
        penalty += AREA_TYPE.get(before.level, 0.0)
        if before.level != "c":
            if span.start and not typed[0].barrier and self.tokens[span.start - 1].folded in ADDRESS_WORDS:
                penalty += AFTER_ADDRESS
            if any(other.mask & span.mask == 0 for other in self.typed):
                penalty += OTHER_COMMUNE_TYPED
        return penalty

    def _marks_penalty(self, typed: list[Token], name: Name, *, error: bool) -> float:
        marked, own = "".join(token.marked for token in typed), "".join(name.marked)
        if marked == own:
            return 0.0
        if not any(token.has_marks for token in typed):
            return LAZY_MARKS if self.marked else NO_MARKS
        written = "".join(token.written for token in typed)
        changes = min(OSA.distance(written, name.written), OSA.distance(marked, own))
        if error:
            return FURTHER * min(3, changes - 1)
        if len(typed) == len(name.folded):
            changes = min(changes, sum(one.marked != other for one, other in zip(typed, name.marked, strict=True)))
        return OTHER_MARKS * min(2, changes)

    def _weigh(self, span: Span, base: float, records: list[Record], provinces: frozenset[int]) -> list[Reading]:
        before = self.before[span.start]
        typed = before.level == "c"
        own = span.mask | before.mask
        # Short words are one letter away from everything: they need a type word or a district or province beside them.
        short = span.error and not typed and len(span.key) < SHORT
        other = span.error and any(one.mask == span.mask for one in self.exact)
        rest = [hit for hit in self.areas if hit.mask & span.mask == 0]
        seen: dict[frozenset[int], tuple[float, int]] = {}
        found = []
        for record in records:
            if record.areas not in seen:
                seen[record.areas] = self._around(
                    own, rest, record.areas, provinces, typed=typed, error=span.error, other=other
                )
            around, mask = seen[record.areas]
            penalty = base + around + record.prior + _type_penalty(before, record)
            if short and mask == own:
                penalty += WORST if span.end - span.start == 1 else SHORT_ERROR
            if penalty < WORST:
                found.append(Reading(penalty, record, span, mask, typed))
        return found

    def _around(
        self,
        own: int,
        rest: list[AreaHit],
        areas: frozenset[int],
        provinces: frozenset[int],
        *,
        typed: bool,
        error: bool,
        other: bool,
    ) -> tuple[float, int]:
        """The penalty for what stands around a name, and the tokens that are explained."""
        mask, penalty = own, 0.0
        for hit in rest:
            if not areas.isdisjoint(hit.numbers):
                penalty += AREA_ERROR if hit.span.error and hit.mask & ~mask else 0.0
                mask |= hit.mask
        for hit in rest:
            sure = not hit.span.error and hit.mask & ~mask
            if sure and (hit.level in ("d", "p", "dp") or any(n in self.index.levels for n in hit.numbers)):
                penalty += OTHER_AREA
        left = self.left_over(mask, accompanied=typed or mask != own)
        if left and not typed:
            penalty += LOOSE_ERROR if error and mask == own else 0.0
            penalty += ONE_WORD if own.bit_count() == 1 else 0.0
            penalty += PROVINCE_NAME if self._is_province(own, provinces) else 0.0
        if error and mask & ~own and not other:
            penalty -= AGREED
        return penalty + LEFT_OVER * min(left, 5 if typed else 10), mask

    def _is_province(self, mask: int, provinces: frozenset[int]) -> bool:
        return any(hit.span.mask == mask and not provinces.isdisjoint(hit.numbers) for hit in self.areas)


def _type_penalty(before: Before, record: Record) -> float:
    if before.level != "c" or not record.kind or before.kind == record.kind:
        return 0.0
    return SIMILAR_TYPE if {before.kind, record.kind} == {"phuong", "thi tran"} else OTHER_TYPE
