"""What every page needs, built once by `service` and passed along with the web application."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from bot.config import Settings
from bot.fleet import Fleet
from bot.gateways.speech import Speech
from bot.inbound import Inbound
from bot.media import MediaStore
from bot.spread import Spread
from bot.work import Work
from handlers import Knowledge


@dataclass(frozen=True)
class Context:
    """The running parts. `now` is ms UTC."""

    settings: Settings
    work: Work
    know: Knowledge
    store: MediaStore
    speech: Speech
    fleet: Fleet
    inbound: Inbound
    spread: Spread
    now: Callable[[], int]


CONTEXT = web.AppKey("context", Context)
