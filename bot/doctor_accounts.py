"""The doctor's questions about accounts: credentials, standing, and whether news reaches us the way it should."""

import json
from collections.abc import AsyncIterator, Callable

from bot.channels.base import Channel, Finding, Unavailable
from bot.config import Settings
from bot.fleet import make_channel, opened
from bot.seed import wanted
from bot.work import Work
from storage import accounts

Now = Callable[[], int]


def webhook_address(public_url: str, row: accounts.Account) -> str:
    """Where a platform delivers the news of an account; one address serves every OA of a Zalo app."""
    name = row.app_id if row.channel == "zalo_oa" else row.name
    return f"{public_url or 'https://…'}/webhook/{row.channel.replace('_', '-')}/{name}"


async def about_accounts(settings: Settings, work: Work | None, now: Now) -> AsyncIterator[Finding]:
    """Findings about every account; before the first run those that the settings name are only listed."""
    rows = [row for row in await work.read(accounts.every) if row.channel != "source_system"] if work else []
    if not rows:
        yield _before_the_first_run(settings)
    for row in rows:
        if row.status != "active":
            remedy = f"Sửa theo lời báo, rồi chạy: thontin account resume {row.name}"
            yield Finding(False, f"{row.name} đang dừng gửi: {row.why or 'người vận hành đã dừng'}.", remedy)
        assert work is not None  # else there were no rows
        for one in await _about(settings, work, row, now):
            yield one


def _before_the_first_run(settings: Settings) -> Finding:
    named = ", ".join(row.name for row, _ in wanted(settings))
    if named:
        return Finding(True, f"Có trong cấu hình: {named}. Chạy thontin run một lần rồi khám lại để hỏi từng nền tảng.")
    remedy = "Điền tài khoản vào .env, hoặc chạy: thontin account add"
    return Finding(False, "Chưa có tài khoản Zalo hay Telegram nào.", remedy)


async def _about(settings: Settings, work: Work, row: accounts.Account, now: Now) -> list[Finding]:
    try:
        channel = make_channel(await work.read(lambda tx: opened(tx, row)), work, now)
        await channel.start()
    except (ValueError, LookupError) as error:
        return [Finding(False, f"{row.name}: {error}", f"Nhập lại mã bí mật: thontin account rotate {row.name}")]
    try:
        said = _named(row.name, await channel.check())
        return [*said, await _news(settings, row, channel)] if all(one.ok for one in said) else said
    finally:
        await channel.close()


def _named(name: str, findings: list[Finding]) -> list[Finding]:
    return [Finding(one.ok, one.what if name in one.what else f"{name}: {one.what}", one.remedy) for one in findings]


async def _news(settings: Settings, row: accounts.Account, channel: Channel) -> Finding:
    """Whether the platform's idea of how news travels is ours."""
    ours = webhook_address(settings.public_url, row)
    if row.channel == "zalo_oa":
        return Finding(True, f"{row.name}: địa chỉ webhook cần khai ở Zalo for Developers là {ours}")
    try:
        info = await channel.webhook_info()
    except Unavailable as trouble:
        return Finding(False, f"{row.name}: không hỏi được webhook ({trouble.why}).", "Kiểm tra mạng rồi khám lại.")
    theirs = info.url if info else ""
    if json.loads(row.settings).get("receive", "polling") == "polling":
        remedy = "Nền tảng còn gửi tin đến webhook cũ: gỡ webhook đó, hoặc đổi tài khoản sang nhận bằng webhook."
        return Finding(
            not theirs, f"{row.name}: nhận tin bằng polling{', nhưng đang có webhook' if theirs else ''}.", remedy
        )
    remedy = "Chạy thontin run với THONTIN_PUBLIC_URL đúng: webhook được đặt lại khi khởi động."
    return Finding(theirs == ours, f"{row.name}: nhận tin bằng webhook {theirs or '(chưa đặt)'}", remedy)
