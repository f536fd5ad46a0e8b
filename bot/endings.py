"""A send ends in one of five ways. Channels and gateways return these; `delivery` alone decides what follows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side has it, under this id. `handle` is a reusable upload id for the part's media, if one was made.

    `moved_to` is the chat's new id when the platform moved it (Telegram: group upgraded to supergroup).
    """

    id: str
    handle: str = ""
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """Certainly not accepted; try again in `wait` seconds. `why` holds no citizen's words and no token.

    `budget`: the account is throttled, stop its whole budget for `wait`; with `app`, every account of its app.
    `outage`: no request got through, whatever the letter: it may be that none does.
    `suspend`: the account cannot send until a person repairs it; keep its queue and show `why`.
    """

    wait: float
    why: str
    budget: bool = False
    suspend: bool = False
    outage: bool = False
    app: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """Stop writing to this address until it writes again. `inactive`: not a block, may be tried in an emergency."""

    why: str
    inactive: bool = False


@dataclass(frozen=True, slots=True)
class Never:
    """This letter cannot go to this address: too long, rejected. `window`: only because the free window is closed."""

    why: str
    window: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request was written and no clear answer came: the platform may have it."""

    why: str


Ending = Sent | Later | Gone | Never | Unknown
