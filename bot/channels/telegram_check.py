"""What `thontin doctor` finds out about one Telegram bot."""

from bot.channels.base import Channel, Finding, Unavailable, WebhookInfo

MANY_PENDING = 1000


def about_bot(me: dict[str, object], platform_id: str) -> list[Finding]:
    """Findings on the answer to getMe."""
    bot_id, name = str(me.get("id", "")), str(me.get("username", ""))
    if platform_id and bot_id != platform_id:
        return [
            Finding(
                False,
                f"Mã bot của token là {bot_id}, nhưng tài khoản ghi {platform_id}.",
                "Kiểm tra lại token: có thể đã dán nhầm token của bot khác.",
            )
        ]
    return [Finding(True, f"Token đúng, bot là @{name} ({bot_id}).")]


def about_trouble(trouble: Unavailable) -> Finding:
    """The finding on a question that the platform did not answer."""
    if trouble.suspend:
        return Finding(
            False,
            f"Telegram không nhận token này ({trouble.why}).",
            "Lấy token mới từ @BotFather rồi chạy: thontin account rotate",
        )
    return Finding(
        False,
        f"Không hỏi được máy chủ Telegram ({trouble.why}).",
        "Kiểm tra mạng, tường lửa và địa chỉ máy chủ Bot API; bot vẫn chạy và sẽ tự nối lại.",
    )


def about_webhook(info: WebhookInfo) -> list[Finding]:
    """Findings on the answer to getWebhookInfo."""
    if not info.url:
        return [Finding(True, "Chưa đặt webhook: bot nhận tin bằng cách tự hỏi máy chủ (polling).")]
    findings = [Finding(True, f"Webhook: {info.url}")]
    if info.trouble:
        findings.append(
            Finding(
                False,
                f"Lần gọi webhook gần đây bị lỗi: {info.trouble}",
                "Webhook phải là HTTPS, mở từ Internet ở cổng 443, 80, 88 hoặc 8443; xem nhật ký của máy chủ.",
            )
        )
    if info.pending > MANY_PENDING:
        findings.append(
            Finding(
                False,
                f"{info.pending} tin đang chờ ở Telegram.",
                "Máy chủ trả lời webhook quá chậm hoặc đang không chạy.",
            )
        )
    return findings


async def webhook_findings(channel: Channel) -> list[Finding]:
    """Ask for the webhook and judge the answer."""
    try:
        info = await channel.webhook_info()
    except Unavailable as trouble:
        return [about_trouble(trouble)]
    return about_webhook(info) if info else []
