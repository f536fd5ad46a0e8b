"""Connecting an OA: only a state we gave out, only our own OA, and the pair is committed before it is used."""

from typing import Any

import aiohttp

from bot import connecting
from storage import Transaction, accounts
from tests.stage import Deployment


def held(tx: Transaction) -> dict[str, str]:
    """The OA's secrets."""
    row = accounts.named(tx, "zalo-oa")
    assert row is not None
    return accounts.secrets(tx, row)


async def consent(deployment: Deployment) -> str:
    """The administrator consents at Zalo; the address that Zalo sends them back to."""
    address = await connecting.begin(deployment.context.work, "zalo-oa")
    async with aiohttp.ClientSession() as session, session.get(address, allow_redirects=False) as answer:
        assert answer.status == 302
        return answer.headers["Location"].removeprefix(deployment.base)


async def test_an_administrator_s_consent_connects_the_oa(deployment: Deployment) -> None:
    before = await deployment.read(held)
    back = await consent(deployment)
    status, page = await deployment.get(back)
    assert (status, "Đã nối OA" in page) == (200, True)
    after = await deployment.read(held)
    assert after["refresh_token"] != before["refresh_token"]
    assert after["oauth_state"] == ""
    phone = await deployment.phone("zalo_oa")
    await phone.say("trợ giúp", "Kênh này làm được mấy việc")


async def test_an_address_is_good_once_and_for_our_oa_only(deployment: Deployment) -> None:
    back = await consent(deployment)
    waiting = {key: one for key, one in (await deployment.read(held)).items() if key.startswith("oauth_")}
    oa, app = deployment.world.secrets["oa_id"], deployment.world.secrets["app_id"]
    wrong: list[str] = [
        back.replace("state=", "state=x"),
        back.replace(oa, "12345"),
        back.replace(f"/oauth/zalo/{app}", "/oauth/zalo/77"),
        back.replace("code=", "kode="),
        f"/oauth/zalo/{app}",
    ]
    for address in wrong:
        assert (await deployment.get(address))[0] == 400, address
    kept = await deployment.read(held)  # the tokens may have been renewed meanwhile
    assert {key: one for key, one in kept.items() if key.startswith("oauth_")} == waiting
    assert (await deployment.get(back))[0] == 200
    assert (await deployment.get(back))[0] == 400


async def test_a_state_grows_old(deployment: Deployment) -> None:
    back = await consent(deployment)
    deployment.clock.ahead = connecting.STATE_MS + 1000
    assert (await deployment.get(back))[0] == 400


async def test_a_refusal_of_zalo_is_one_sentence(deployment: Deployment) -> None:
    back = await consent(deployment)
    told: Any = back.replace("code=", "code=x")
    status, page = await deployment.get(told)
    assert status == 502
    assert "Traceback" not in page
