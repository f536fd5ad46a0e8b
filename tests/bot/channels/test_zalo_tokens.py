"""Zalo OA tokens: consent, exchange, and a rotation that no race, crash or outage makes lose the refresh token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.channels.zalo_tokens import (
    HOUR_MS,
    App,
    Keeper,
    Pkce,
    Reconnect,
    Tokens,
    Trouble,
    authorize,
    challenge,
    exchange,
    refresh,
)
from tests.bot.channels.endings import HTML, Answer, FarSide, far_side, said

HERE = Path(__file__).parent / "zalo_oa"
NOW = 1_700_000_000_000
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def recorded(name: str) -> Answer:
    return Answer(body=(HERE / f"{name}.json").read_bytes())


class MemoryStore:
    """The database's part: one lock per account and the newest committed pair. `broken` fails the next saves."""

    def __init__(self, tokens: Tokens | None) -> None:
        self.tokens, self.saved, self.broken = tokens, list[Tokens](), 0
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def lock(self, account_id: int) -> AsyncIterator[None]:
        async with self._lock:
            yield

    async def load(self, account_id: int) -> Tokens | None:
        return self.tokens

    async def save(self, account_id: int, tokens: Tokens) -> None:
        if self.broken:
            self.broken -= 1
            raise RuntimeError(f"cannot write {tokens.access}")
        self.tokens = tokens
        self.saved.append(tokens)


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    async with far_side() as side:
        yield side


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def app(far: FarSide, pkce: Pkce = "per_request", verifier: str = "") -> App:
    return App("360", "app-secret", "https://thontin.example/oauth/zalo/360", pkce, verifier, far.url)


def pair(hours: float) -> Tokens:
    return Tokens("access-1", "refresh-1", NOW + int(hours * HOUR_MS))


def keeper(far: FarSide, store: MemoryStore, session: aiohttp.ClientSession) -> Keeper:
    return Keeper(7, app(far), store, session, lambda: NOW)


# ---- consent ----


def test_the_challenge_is_the_one_of_the_rfc() -> None:
    assert challenge(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_consent_address_carries_the_callback_byte_for_byte(far: FarSide) -> None:
    url, verifier = authorize(app(far), "state-1")
    query = parse_qs(urlsplit(url).query)
    assert urlsplit(url).path == "/v4/oa/permission"
    assert query == {
        "app_id": ["360"],
        "redirect_uri": ["https://thontin.example/oauth/zalo/360"],
        "state": ["state-1"],
        "code_challenge": [challenge(verifier)],
    }
    assert len(verifier) == 43
    assert authorize(app(far), "state-1")[1] != verifier


@pytest.mark.parametrize(("pkce", "verifier"), [("fixed", VERIFIER), ("none", "")])
def test_a_verifier_is_fixed_or_absent_when_the_console_says_so(far: FarSide, pkce: Pkce, verifier: str) -> None:
    url, kept = authorize(app(far, pkce, VERIFIER), "s")
    assert kept == verifier
    assert ("code_challenge" in url) == bool(verifier)


async def test_an_exchange_sends_the_secret_as_a_header_and_never_in_the_form(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.answer(recorded("token_pair"))
    tokens = await exchange(session, app(far), "code-1", VERIFIER, NOW)
    assert tokens == Tokens("access-2", "refresh-2", NOW + 90_000_000)
    (asked,) = far.asked
    assert (asked.method, asked.path) == ("POST", "/v4/oa/access_token")
    assert asked.headers["secret_key"] == "app-secret"
    assert asked.form == {
        "grant_type": "authorization_code",
        "app_id": "360",
        "code": "code-1",
        "code_verifier": VERIFIER,
    }


@pytest.mark.parametrize("life", ["90000", 90000, None], ids=["string", "number", "absent"])
async def test_a_life_may_be_a_string_or_a_number(far: FarSide, session: aiohttp.ClientSession, life: object) -> None:
    far.answer(said({"access_token": "a", "refresh_token": "r", "expires_in": life}))
    assert (await refresh(session, app(far), "refresh-1", NOW)).expires_at == NOW + 90_000_000


async def test_the_old_refresh_token_is_kept_when_no_new_one_comes(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.answer(said({"access_token": "a", "expires_in": "90000"}))
    assert (await refresh(session, app(far), "refresh-1", NOW)).refresh == "refresh-1"


# ---- what a refusal means ----

FINAL = {
    "dead": recorded("token_dead"),
    "dead, quoted code": recorded("token_dead_string_code"),
    "used": recorded("token_used"),
    "app off": recorded("token_app_off"),
    "empty body": Answer(200, b""),
    "json without a token": said({}),
    "a refusal with a status": said({"error": -14003, "message": ""}, status=400),
}
PASSING = {
    "bad gateway": Answer(502, HTML, "text/html"),
    "html with 200": Answer(200, HTML, "text/html"),
    "turned away in between": Answer(403, HTML, "text/html"),
    "throttled": said({"error": -1}, status=429),
    "dropped": Answer(fault="drop"),
}


@pytest.mark.parametrize("answer", FINAL.values(), ids=FINAL.keys())
async def test_a_clear_no_needs_a_person(far: FarSide, session: aiohttp.ClientSession, answer: Answer) -> None:
    far.answer(answer)
    with pytest.raises(Reconnect) as caught:
        await refresh(session, app(far), "refresh-1", NOW)
    assert len(far.asked) == 1
    assert "refresh-1" not in str(caught.value)


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING.keys())
async def test_an_unclear_answer_is_tried_once_more_with_the_same_token(
    far: FarSide, session: aiohttp.ClientSession, answer: Answer
) -> None:
    far.answer(answer, recorded("token_pair"))
    assert (await refresh(session, app(far), "refresh-1", NOW)).access == "access-2"
    assert [one.form["refresh_token"] for one in far.asked] == ["refresh-1", "refresh-1"]


async def test_a_rotation_lost_on_the_way_ends_in_reconnecting(far: FarSide, session: aiohttp.ClientSession) -> None:
    far.answer(Answer(fault="drop"), Answer(200, b""))
    with pytest.raises(Reconnect):
        await refresh(session, app(far), "refresh-1", NOW)


async def test_an_outage_is_no_reason_to_reconnect(far: FarSide, session: aiohttp.ClientSession) -> None:
    far.answer(Answer(502, HTML, "text/html"))
    with pytest.raises(Trouble):
        await refresh(session, app(far), "refresh-1", NOW)
    assert len(far.asked) == 2


# ---- the keeper ----


@pytest.mark.parametrize(("hours", "refreshes"), [(25, 0), (5.01, 0), (4.99, 1), (-1, 1)])
async def test_a_token_is_refreshed_when_less_than_five_hours_remain(
    far: FarSide, session: aiohttp.ClientSession, hours: float, refreshes: int
) -> None:
    far.answer(recorded("token_pair"))
    store = MemoryStore(pair(hours))
    assert await keeper(far, store, session).access() == f"access-{refreshes + 1}"
    assert len(far.asked) == refreshes


async def test_an_early_refresh_that_fails_leaves_the_token_in_use(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.answer(Answer(502, HTML, "text/html"))
    one = keeper(far, MemoryStore(pair(2)), session)
    assert [await one.access() for _ in range(3)] == ["access-1"] * 3
    assert len(far.asked) == 2


async def test_two_processes_that_see_a_dead_token_refresh_it_once(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.answer(recorded("token_pair"))
    store = MemoryStore(pair(20))
    here, there = keeper(far, store, session), keeper(far, store, session)
    found = await asyncio.gather(*(one.renew("access-1") for one in (here, there, here, there)))
    assert found == ["access-2"] * 4
    assert len(far.asked) == 1


async def test_a_renewal_that_joins_a_load_does_not_get_the_dead_token_back(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.answer(recorded("token_pair"))
    one = keeper(far, MemoryStore(pair(20)), session)
    _, renewed = await asyncio.gather(one.access(), one.renew("access-1"))
    assert renewed == "access-2"


async def test_a_new_pair_is_committed_before_anybody_uses_it(far: FarSide, session: aiohttp.ClientSession) -> None:
    far.answer(recorded("token_pair"))
    store = MemoryStore(pair(20))
    store.broken = 1
    one = keeper(far, store, session)
    assert await one.access() == "access-1"
    with pytest.raises(Trouble) as caught:
        await one.renew("access-1")
    assert "access-2" not in str(caught.value)
    assert await one.access() == "access-2"
    assert store.tokens == Tokens("access-2", "refresh-2", NOW + 90_000_000)
    assert len(far.asked) == 1


async def test_a_cancelled_send_does_not_cut_a_rotation_in_two(far: FarSide, session: aiohttp.ClientSession) -> None:
    far.answer(recorded("token_pair"))
    store = MemoryStore(pair(20))
    one = keeper(far, store, session)
    send = asyncio.create_task(one.renew("access-1"))
    await asyncio.sleep(0)
    send.cancel()
    await asyncio.gather(send, return_exceptions=True)
    await one.close()
    assert [tokens.refresh for tokens in store.saved] == ["refresh-2"]


async def test_an_account_never_connected_asks_for_a_person(far: FarSide, session: aiohttp.ClientSession) -> None:
    with pytest.raises(Reconnect):
        await keeper(far, MemoryStore(None), session).access()


def test_no_token_shows_in_a_repr(far: FarSide) -> None:
    shown = repr(pair(1)) + repr(app(far, "fixed", VERIFIER))
    assert not any(word in shown for word in ("access-1", "refresh-1", "app-secret", VERIFIER))
