"""Small pages without a script: one request each, its style inside and named in the policy by its hash."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from bot.context import CONTEXT, Context

HERE = Path(__file__).parent
STYLE = (HERE / "page.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_JINJA = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_JINJA.globals["style"] = Markup(STYLE)
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; media-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an address of ours may be a key
}


def context(request: web.Request) -> Context:
    """The running parts, from the application or one above it."""
    return request.config_dict[CONTEXT]


def page(template: str, status: int = 200, **told: Any) -> web.Response:
    """A rendered page."""
    text = _JINJA.get_template(template).render(**told)
    headers = HEADERS | {"Cache-Control": "no-cache" if status == 200 else "no-store"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def missing(sentence: str) -> web.Response:
    """A friendly 404."""
    return page("missing.html", 404, sentence=sentence)
