"""All entries that are kept, and which of them whom may get: by commune and by day.

A commune's entry that `overrides` a common one is not searched by itself: whoever asks for the common one and lives
there gets it instead. So a hundred communes may each have their own opening hours and none is in another's way. What
a commune has alone is searched, and hidden from everybody else before anything is weighed.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from threading import RLock

from content.faq.entries import Entry
from content.faq.index import FaqIndex, Match


class Library:
    """Changed in place as officials edit and as days go by; searched from any thread."""

    def __init__(self, entries: Iterable[Entry] = (), day: date = date.min) -> None:
        """Keep these entries, as on `day`: drafts and expired ones may be among them."""
        self.index = FaqIndex()
        self.day = day
        self._lock = RLock()
        self._kept: dict[str, Entry] = {}
        self._searched: dict[str, Entry] = {}
        self._stand_ins: dict[str, dict[str, str]] = {}  # common entry → commune → the entry in its place there
        self._hidden: dict[str, frozenset[str]] = {}
        for entry in entries:
            self.put(entry)

    def __len__(self) -> int:
        return len(self._searched)

    def put(self, entry: Entry) -> None:
        """Keep an entry, new or changed."""
        with self._lock:
            self._leave(entry.id)
            self._kept[entry.id] = entry
            if entry.overrides and entry.commune:
                self._stand_ins.setdefault(entry.overrides, {})[entry.commune] = entry.id
            self._arrange(entry.id)

    def remove(self, id: str) -> None:
        """Take an entry out, if it is there."""
        with self._lock:
            self._leave(id)
            self._arrange(id)

    def _leave(self, id: str) -> None:
        before = self._kept.pop(id, None)
        if before and before.commune and self._stand_ins.get(before.overrides, {}).get(before.commune) == id:
            del self._stand_ins[before.overrides][before.commune]

    def roll(self, day: date) -> None:
        """It is `day`: what expired before it leaves, and what stood in for that is searched by itself."""
        if day == self.day:
            return
        with self._lock:
            self.day = day
            for id in [entry.id for entry in self._kept.values() if entry.valid_until]:
                self._arrange(id)

    def _arrange(self, id: str) -> None:
        """Put an entry, and what stands in for it, into the index or out of it."""
        for one in (id, *self._stand_ins.get(id, {}).values()):
            entry = self._kept.get(one)
            wanted = entry if entry and self._is_searched(entry) else None
            if self._searched.get(one) is wanted:
                continue
            self._hidden.clear()
            if wanted:
                self.index.add(wanted)
                self._searched[one] = wanted
            else:
                self.index.remove(one)
                del self._searched[one]

    def _is_searched(self, entry: Entry) -> bool:
        common = self._kept.get(entry.overrides)
        return entry.served_on(self.day) and not (common and not common.commune and common.served_on(self.day))

    def search(self, text: str, commune: str = "", limit: int = 5) -> list[Match]:
        """What `text` may ask for, best first, for somebody of `commune`: their own entries and the common ones."""
        with self._lock:
            found = self.index.search(text, limit, self._not_for(commune))
            return [match._replace(id=self._here(match.id, commune)) for match in found]

    def narrowed(self, found: Sequence[Match], text: str, commune: str) -> Sequence[Match]:
        """What `search` gives for somebody of `commune`, where `found` is what it gave for nobody in particular.

        Searched anew only where that commune has questions of its own.
        """
        with self._lock:
            if len(self._not_for(commune)) < len(self._not_for("")):
                return self.search(text, commune)
            return [match._replace(id=self._here(match.id, commune)) for match in found]

    def entry(self, id: str, commune: str = "") -> Entry | None:
        """The entry as `commune` has it; None when it was taken out, has expired or is another commune's."""
        with self._lock:
            entry = self._kept.get(self._here(id, commune))
            return entry if entry and entry.served_on(self.day) and entry.commune in (None, commune) else None

    def _here(self, id: str, commune: str) -> str:
        own = self._kept.get(self._stand_ins.get(id, {}).get(commune, ""))
        return own.id if own and own.served_on(self.day) else id

    def _not_for(self, commune: str) -> frozenset[str]:
        """The searched entries of other communes. Most have none of their own: these share one set."""
        hidden = self._hidden.get(commune)
        if hidden is None:
            others = frozenset(id for id, entry in self._searched.items() if entry.commune not in (None, commune))
            nobody = self._not_for("") if commune else others
            hidden = self._hidden[commune] = others if len(others) < len(nobody) else nobody
        return hidden
