"""The Bot API server of Telegram, emulated: strict, stateful, on a settable clock, with faults on demand.

Written from the telegram reference (§1, §2.1) and the public Bot API documentation. Each bot has its own chats: those
of the first bot are people with the bare chat id, those of others `<chat id>@<bot username>` (control API).
`POST /_control/users` takes `{"name", "id"?, "kind"?: private|group|supergroup, "started"?: bool, "bot"?: username}`.
Beside the common actions there are `deactivate` (account deleted), `kick` and `migrate` (groups).
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.chats import Refused
from bot.sandbox.emulator import Emulator, json_response
from bot.sandbox.state import Call, Fault
from bot.sandbox.telegram_args import Args, Refusal, flood, read_args
from bot.sandbox.telegram_config import BotConfig as BotConfig
from bot.sandbox.telegram_config import Config as Config
from bot.sandbox.telegram_config import Settings
from bot.sandbox.telegram_files import Stored, Vault
from bot.sandbox.telegram_log import SendLog
from bot.sandbox.telegram_methods import METHODS, Method, Told
from bot.sandbox.telegram_people import Phones
from bot.sandbox.telegram_sending import MEDIA, send_media, send_message
from bot.sandbox.telegram_state import Bot, Memory, Person, limits, new_peer
from bot.sandbox.telegram_updates import RESTART, Updates
from bot.sandbox.telegram_webhooks import Webhook

FLOOD_DELAY_MS = 3000  # the server's own flood answers come late (reference §1.3)
MOST_OPEN = 310  # sends to one chat at once (reference §1.1)
SENDS = {"sendmessage", *MEDIA}
UNHEARD = ("deletewebhook", "setwebhook", "close", "logout")  # never run from a webhook's answer, nor get…
Answer = Awaitable[web.StreamResponse]


class Telegram(Emulator[Person]):
    """The server: bots by token, people, files."""

    name = "telegram"

    def __init__(self, config: Config) -> None:
        settings = Settings(
            enforce_limits=config.enforce_limits,
            send_secret_header=config.send_secret_header,
            open_chats=config.open_chats,
        )
        self.limits = limits()
        super().__init__(
            settings, rates=list(self.limits), base_url=config.base_url, allow_loopback=config.allow_loopback
        )
        self.memory, self.vault, self.phones = Memory(), Vault(self.clock), Phones(self)
        self.sends = SendLog(settings, self.clock, self.counts)
        self._actions = self.phones.actions()
        self._open: Counter[str] = Counter()  # sends being answered, per chat
        self._paths: dict[str, str] = {}  # file id -> where the phone finds it
        self.bots = {token: self._bot(token, one, n == 0) for n, (token, one) in enumerate(config.bots.items())}
        self._by_id = {bot.id: bot for bot in self.bots.values()}

    def _bot(self, token: str, config: BotConfig, main: bool) -> Bot:
        if token.partition(":")[0] != str(config.id):
            raise ValueError(f"the token of {config.username} must begin with {config.id}:")
        updates = Updates(self.clock)
        bot = Bot(config.id, config.username, config.name, token, main, updates)

        async def execute(call: dict[str, Any]) -> None:
            await self._execute(bot, call)

        bot.webhook = Webhook(self.outgoing, self.clock, self.faults, updates, self.settings, execute)
        return bot

    # What the base asks for.

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/bot{token}/{method}", self.handle),
            web.get("/bot{token}/{method}", self.handle),
            web.get("/file/bot{token}/{path:.+}", self.download),
            *self.sends.routes(),
        ]

    def actions(self) -> dict[str, Any]:
        return self._actions

    def new_user(self, told: dict[str, Any]) -> Person:
        kind = told.get("kind", "private")
        if kind not in ("private", "group", "supergroup"):
            raise Refused("kind must be private, group or supergroup")
        bot = self._bot_named(str(told.get("bot") or ""))
        try:
            peer = int(told["id"]) if "id" in told else new_peer(kind)
        except (TypeError, ValueError):
            raise Refused("id must be a whole number") from None
        started = bool(told.get("started")) or kind != "private"
        return Person(id=bot.key(peer), name=told["name"], peer=peer, bot_id=bot.id, kind=kind, started=started)

    def _bot_named(self, username: str) -> Bot:
        for bot in self.bots.values():
            if username in ("", bot.username):
                return bot
        raise Refused(f"there is no bot {username}", 404)

    def throttled(self, fault: Fault) -> web.Response:
        return refused(flood(int(fault.more.get("retry_after", 5))))

    def revoked(self) -> web.Response:
        return refused(Refusal(401, "Unauthorized"))

    def webhook_state(self) -> dict[str, Any]:
        first, *others = self.bots.values()
        state = first.webhook.state()
        return state | ({"others": {bot.username: bot.webhook.state() for bot in others}} if others else {})

    async def _broken(self, name: str, request: web.Request) -> web.StreamResponse:
        if name == "error_500":
            return refused(Refusal(500, "Internal Server Error"))
        return await super()._broken(name, request)

    def app(self) -> web.Application:
        made = super().app()
        made.on_shutdown.append(self._end_polls)
        return made

    async def _end_polls(self, _app: web.Application) -> None:
        for bot in self.bots.values():
            bot.updates.end_poll(Refusal(500, RESTART))

    # What methods use.

    def bot_of(self, person: Person) -> Bot:
        return self._by_id[person.bot_id]

    def late_ms(self) -> int:
        return FLOOD_DELAY_MS if self.settings.flood_delay else 0

    def shown_at(self, file: Stored) -> str:
        """Where the phone's page finds a file, relative to the emulator; made once for each."""
        if file.id not in self._paths:
            self._paths[file.id] = self.keep_file(file.data, file.mime, file.name).path
        return self._paths[file.id]

    # The Bot API.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """`/bot<token>/<method>`."""
        token, name = request.match_info["token"], request.match_info["method"].lower()
        bot = self.bots.get(token)
        try:
            if bot is None:
                raise _unknown(token)
            args = await read_args(request)
            if name in SENDS:
                return await self._handle_send(bot, name, args, request)
            method = METHODS.get(name)
            if method is None:
                raise Refusal(404, "Not Found: method not found")
            return await self._handle_ask(bot, name, method, args, request)
        except Refusal as refusal:
            return refused(refusal)

    async def _handle_ask(
        self, bot: Bot, name: str, method: Method, args: Args, request: web.Request
    ) -> web.StreamResponse:
        async def work() -> web.StreamResponse:
            result = await method(self, bot, args)
            if isinstance(result, Told):
                return json_response({"ok": True, "result": True, "description": result.description})
            return json_response({"ok": True, "result": result})

        return await self.ask(name, request, work)

    async def _handle_send(self, bot: Bot, name: str, args: Args, request: web.Request) -> web.StreamResponse:
        chat = bot.key(args.text("chat_id"))
        self.sends.arrived(chat, name, args)

        async def work(call: Call) -> web.StreamResponse:
            message = await self._sent(bot, name, args, call)
            return json_response({"ok": True, "result": message})

        self._open[chat] += 1
        try:
            return await self.send(chat, name, request, self._late(work))
        finally:
            self._open[chat] -= 1
            if not self._open[chat]:
                del self._open[chat]

    def _late(self, work: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """Refusals are answers too, some of them late, and the call stays open until then."""

        async def answered(call: Call) -> web.StreamResponse:
            try:
                return await work(call)
            except Refusal as refusal:
                if refusal.delay_ms:
                    await self.clock.wait_until(self.clock.now() + refusal.delay_ms)
                return refused(refusal)

        return answered

    async def _sent(self, bot: Bot, name: str, args: Args, call: Call) -> dict[str, Any]:
        if call.over is not None and self.settings.enforce_limits:
            raise flood(self._wait_s(call))
        if self._open[call.chat] > MOST_OPEN:
            raise flood(60, self.late_ms())
        if name == "sendmessage":
            message, read = await send_message(self, bot, args)
        else:
            message, read = await send_media(self, bot, args, MEDIA[name])
        call.accept(read)
        self.sends.told(call.chat)
        return message

    def _wait_s(self, call: Call) -> int:
        for limit in self.limits:
            if limit.name == call.over:
                return limit.wait_s(self.clock.now(), call.chat)
        return 1

    async def _execute(self, bot: Bot, told: dict[str, Any]) -> None:
        """A method named in a webhook's answer: run like a request, its result is lost."""
        name = told["method"].lower()
        if name in UNHEARD or name.startswith("get"):
            return
        args = Args({key: value for key, value in told.items() if key != "method"})
        call = self.counts.begin(bot.key(args.text("chat_id"))) if name in SENDS else None
        try:
            if call is not None:
                await self._sent(bot, name, args, call)
            elif name in METHODS:
                await METHODS[name](self, bot, args)
        except Refusal as refusal:
            bot.webhook.last_error = (self.clock.now_ms() // 1000, refusal.description)
        finally:
            if call is not None:
                call.end()

    async def download(self, request: web.Request) -> web.Response:
        """`/file/bot<token>/<file_path>`: the bytes, for an hour after getFile."""
        bot = self.bots.get(request.match_info["token"])
        if bot is None:
            return refused(_unknown(request.match_info["token"]))
        file = self.vault.download(bot.id, request.match_info["path"])
        if file is None:
            return refused(Refusal(404, "Not Found"))
        return web.Response(body=file.data, content_type="application/octet-stream")


def _unknown(token: str) -> Refusal:
    """A token that could be one is unauthorised; anything else is no address at all."""
    number, colon, secret = token.partition(":")
    if number.isdigit() and colon and secret:
        return Refusal(401, "Unauthorized")
    return Refusal(404, "Not Found")


def refused(refusal: Refusal) -> web.Response:
    """The answer of a refused call; 429 also says Retry-After."""
    wait = refusal.parameters.get("retry_after")
    headers = {"Retry-After": str(wait)} if wait else None
    return json_response(refusal.body(), status=refusal.code, headers=headers)


def app(config: Config) -> web.Application:
    """The emulated server, ready to be served."""
    return Telegram(config).app()
