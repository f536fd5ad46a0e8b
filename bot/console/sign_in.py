"""Signing in and out. A name that does not exist gets the same words after the same time as one that does."""

from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import web

from bot.console.pages import go, page
from bot.console.passwords import LONGEST, verify
from bot.console.session import context, cookie_name, fields, forget_device, is_known_device, know_device, set_cookie
from bot.console.signed import ME
from storage import Transaction, audit, officials

WRONG = "Tên đăng nhập hoặc mật khẩu chưa đúng."
LOCKED = "Sai nhiều lần quá nên tên này tạm khóa. Xin chờ rồi thử lại, hoặc nhờ người quản trị đặt lại mật khẩu."
MOST_STRANGERS = 1000


@dataclass
class _Tries:
    wrong_tries: int = 0
    locked_until: int = 0


class Strangers:
    """Wrong tries for names that nobody has: they lock as real ones do, so that a lock gives nothing away."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def locked(self, name: str, now: int) -> bool:
        """Whether this name is locked now."""
        return name in self._tries and self._tries[name].locked_until > now

    def wrong(self, name: str, now: int) -> None:
        """One more wrong try, by the rule of `officials.wrong_password`."""
        one = self._tries.setdefault(name, _Tries())
        one.wrong_tries += 1
        one.locked_until = now + officials.lock_ms(one.wrong_tries)
        self._tries.move_to_end(name)
        while len(self._tries) > MOST_STRANGERS:
            self._tries.popitem(last=False)


STRANGERS = web.AppKey("strangers", Strangers)


@dataclass(frozen=True, slots=True)
class _Found:
    id: int
    stored: str
    locked: bool


async def show(request: web.Request) -> web.Response:
    """The form; whoever is signed in goes on."""
    if request.get(ME):
        return go(_next(request.query.get("next", "")))
    return page(request, "sign_in.html", title="Đăng nhập", next=request.query.get("next", ""), username="")


async def enter(request: web.Request) -> web.Response:
    """Check name and password; a cookie for whoever they are."""
    form = await fields(request, LONGEST)
    name = form.get("username", "").lower()[:40]
    token, problem = await _enter(request, name, form.get("password", ""), is_known_device(request, name))
    if token:
        response = go(_next(form.get("next", "")))
        set_cookie(request, response, token)
        know_device(request, response, name)
        return response
    response = page(request, "sign_in.html", 429 if problem == LOCKED else 401, title="Đăng nhập", problem=problem,
                    next=form.get("next", ""), username=name)  # fmt: skip
    forget_device(request, response)
    return response


async def _enter(request: web.Request, name: str, password: str, known: bool) -> tuple[str, str]:
    """(token, "") or ("", why not). The hash is computed in every case: it is what takes the time.

    `known`: this browser signed in as `name` before. A lock keeps strangers out, not the chairperson whose name a
    stranger typed five times on the night of a flood.
    """
    work, strangers, now = context(request).work, request.app[STRANGERS], context(request).now()
    found = await work.read(lambda tx: _find(tx, name))
    fits = await verify(found.stored if found else "", password, known)
    if found is None:
        if strangers.locked(name, now):
            return "", LOCKED
        strangers.wrong(name, now)
        await work.write(lambda tx: None)  # a wrong password waits its turn to be written down; so does a wrong name
        return "", WRONG
    if found.locked and not known:
        return "", LOCKED
    token = await work.write(lambda tx: _settle(tx, found.id, fits, known))
    return token, "" if token else WRONG


def _find(tx: Transaction, name: str) -> _Found | None:
    row = officials.named(tx, name)
    return _Found(row.id or 0, row.password_hash, row.locked_until > tx.now) if row and row.active else None


def _settle(tx: Transaction, official_id: int, fits: bool, known: bool) -> str:
    row = officials.of(tx, official_id)
    # Asked again: tries that ran side by side must not get past the lock.
    if row is None or not row.active or (row.locked_until > tx.now and not known):
        return ""
    if not fits:
        officials.wrong_password(tx, row)
        audit.write(tx, official_id, "signin.wrong", row.username, row.commune)
        return ""
    officials.end_expired(tx)
    audit.write(tx, official_id, "signin", row.username, row.commune)
    return officials.sign_in(tx, row)[0]


async def leave(request: web.Request) -> web.Response:
    """End the session; a copied cookie is worth nothing afterwards."""
    token = request.cookies.get(cookie_name(request), "")
    await context(request).work.write(lambda tx: officials.sign_out(tx, token))
    response = go("/console/sign-in")
    set_cookie(request, response, "")
    return response


def _next(where: str) -> str:
    """Where to go after signing in: a page of ours, never somebody else's."""
    ours = where == "/console" or where.startswith(("/console/", "/console?"))
    return where if ours and "\\" not in where and "\n" not in where and "\r" not in where else "/console"


ROUTES = [
    web.get("/sign-in", show, name="sign_in"),
    web.post("/sign-in", enter, name="entered"),
    web.post("/sign-out", leave),
]
