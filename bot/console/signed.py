"""Who is signed in, as every page and template knows them."""

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Signed:
    """An official with an open session. `commune` is empty for the province; `csrf` goes into every form."""

    id: int
    username: str
    name: str
    title: str
    commune: str
    csrf: str

    @property
    def province(self) -> bool:
        """Whether they work for the whole province."""
        return not self.commune


ME = web.RequestKey("me", Signed)
