"""The doctor's questions to the network: other people's clocks, and our own address from outside."""

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

import aiohttp

from bot.channels.base import Finding

TIMEOUT = aiohttp.ClientTimeout(total=10)


async def clock_of_others(bases: list[str], now: Callable[[], int], most_ms: int) -> Finding:
    """Our clock beside the Date header (RFC 9110 §6.6.1, whole seconds) of the first base that answers."""
    for base in bases:
        skew = await _skew(base, now)
        if skew is None:
            continue
        if abs(skew) > most_ms:
            way = "nhanh" if skew > 0 else "chậm"
            remedy = "Bật đồng bộ giờ: timedatectl set-ntp true"
            return Finding(False, f"Đồng hồ máy này {way} {abs(skew) // 1000} giây so với bên ngoài.", remedy)
        return Finding(True, "Đồng hồ khớp với bên ngoài.")
    why = "không nơi nào trả lời" if bases else "chưa có tài khoản nào"
    return Finding(True, f"Chưa so được đồng hồ với bên ngoài: {why}.")


async def _skew(base: str, now: Callable[[], int]) -> int | None:
    """How far we are ahead of `base`, ms; None when it does not say."""
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True) as session:
            before = now()
            async with session.get(base, allow_redirects=False) as answer:
                theirs = _date(answer.headers.get("Date", ""))
            return (before + now()) // 2 - int(theirs.timestamp() * 1000) if theirs else None
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


async def public_address(base: str) -> list[Finding]:
    """Whether our own health page answers at the address that phones are given."""
    if not base:
        return [Finding(True, "Chưa đặt THONTIN_PUBLIC_URL: chạy không có webhook, không có đường dẫn trong tin.")]
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True) as session,
            session.get(f"{base}/healthz", allow_redirects=False) as answer,
        ):
            ours = answer.status == 200 and await answer.json(content_type=None) == {"ok": True}
    except aiohttp.ClientConnectorCertificateError:
        return [Finding(False, f"{base}: chứng thư không hợp lệ.", "Gia hạn chứng thư, hoặc cài đủ chuỗi chứng thư.")]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        remedy = "Chạy thontin run; kiểm tra tên miền, cổng 443 và proxy ngược (máy này có thể không tự gọi ra được)."
        return [Finding(False, f"{base}: không tới được ({type(error).__name__}).", remedy)]
    if not ours:
        remedy = "Cho proxy ngược chuyển mọi đường dẫn về THONTIN_HOST và THONTIN_PORT."
        return [Finding(False, f"{base} có trả lời nhưng không phải thontin ({answer.status}).", remedy)]
    return [Finding(True, f"{base} tới được thontin.")]
