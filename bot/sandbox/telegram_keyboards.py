"""Keyboards under a message: what the server accepts, and how the phone shows them.

Source: Bot API documentation, InlineKeyboardMarkup, InlineKeyboardButton (callback_data 1-64 bytes),
ReplyKeyboardMarkup; telegram reference §1.2.
"""

from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.telegram_args import Args, Refusal

BUTTON_LIMIT = 100
ACTIONS = ("callback_data", "url", "web_app", "login_url", "copy_text", "pay", "callback_game",
           "switch_inline_query", "switch_inline_query_current_chat", "switch_inline_query_chosen_chat")  # fmt: skip
Markup = dict[str, Any]
Rows = list[list[dict[str, Any]]]


def read_markup(args: Args) -> Markup | None:
    """The checked reply_markup of a call, or None. Raises Refusal 400 in the server's words."""
    raw = args.values.get("reply_markup")
    if raw is None or raw == "":
        return None
    markup = args.json("reply_markup", "can't parse reply keyboard markup JSON object")
    if not isinstance(markup, dict):
        raise Refusal(400, "Bad Request: object expected as reply markup")
    if "inline_keyboard" in markup:
        return {"inline_keyboard": _inline(markup["inline_keyboard"])}
    if "keyboard" in markup:
        return {**markup, "keyboard": _rows(markup["keyboard"], _reply_button)}
    return markup or None


def _rows(rows: Any, read: Any) -> Rows:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refusal(400, "Bad Request: can't parse keyboard: expected an Array of Array of button")
    kept = [[read(button) for button in row] for row in rows if row]
    if sum(map(len, kept)) > BUTTON_LIMIT:
        raise Refusal(400, "Bad Request: reply markup is too long")
    return kept


def _inline(rows: Any) -> Rows:
    return _rows(rows, _inline_button)


def _wrong(sentence: str) -> Refusal:
    return Refusal(400, f"Bad Request: can't parse inline keyboard button: {sentence}")


def _inline_button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise _wrong("expected an Object")
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise _wrong('Field "text" must be of type String and non-empty')
    kinds = [name for name in ACTIONS if name in button]
    if not kinds:
        raise _wrong("Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button:
        _check_data(button["callback_data"])
    if "url" in button:
        _check_url(str(button["url"]))
    return {"text": button["text"], kinds[0]: button[kinds[0]]}


def _check_data(data: Any) -> None:
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= 64:
        raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "tg" or (parts.scheme in ("http", "https") and "." in (parts.hostname or "")):
        return
    raise Refusal(400, f"Bad Request: inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _reply_button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not str(button.get("text", "")).strip():
        raise Refusal(400, 'Bad Request: can\'t parse keyboard button: Field "text" must be non-empty')
    return button


def shown(markup: Markup | None) -> Rows:
    """Rows of buttons for the phone: a label, and a payload or an address; `reply` types its label."""
    if not markup:
        return []
    if "inline_keyboard" in markup:
        return [[_shown_inline(button) for button in row] for row in markup["inline_keyboard"]]
    return [
        [{"label": b["text"], "payload": b["text"], "reply": True} for b in row] for row in markup.get("keyboard", [])
    ]


def _shown_inline(button: dict[str, Any]) -> dict[str, Any]:
    if "url" in button:
        return {"label": button["text"], "url": button["url"]}
    return {"label": button["text"], "payload": button.get("callback_data", "")}
