"""`thontin doctor`: everything that can be wrong, asked one after the other, each with what to do about it.

No line holds a secret or a citizen's words: findings are built from names, numbers and kinds of error, and every
secret that we know is struck out of them all the same.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import Finding
from bot.config import BadSetting, Settings
from bot.database import AlreadyRunning, only_one
from bot.doctor_network import clock_of_others, public_address
from bot.keys import vault_of
from bot.log import redact
from bot.settings_check import faults
from bot.work import Work
from content.dates import when
from storage import Database, Transaction, Vault, WrongKey, accounts, health, inbox, pause
from storage.migrate import current, newest

Now = Callable[[], int]
LEAST_SPACE = 500 * 1024 * 1024  # bytes; a day of photos and videos
SKEW_MS = 30_000  # Zalo and Telegram take minutes; signed addresses and windows deserve better
OURS = {"THONTIN_HOME", "THONTIN_PYTHON", "THONTIN_AAC", "THONTIN_TEST_DATABASE"}  # read outside `Settings`


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the part it speaks of, whether all is well, what was found, what to do ("" when well)."""

    area: str
    ok: bool
    what: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


class Doctor:
    """Examines one installation. `now` is ms UTC. The database is read, and brought up to date by nobody here."""

    def __init__(self, settings: Settings, now: Now, environ: Mapping[str, str] = os.environ) -> None:
        self._settings, self._now, self._environ = settings, now, environ
        self._secrets = {one.get_secret_value() for _, one in settings if isinstance(one, SecretStr)}

    async def examine(self) -> AsyncIterator[Line]:
        """All lines, each as soon as it is known."""
        with ExitStack() as stack:
            for area, findings in self._machine():
                for one in findings:
                    yield self._line(area, one)
            database, said = await asyncio.to_thread(self._database, stack)
            for one in said:
                yield self._line("cơ sở dữ liệu", one)
            async for area, one in self._outside(Work(database) if database else None, stack):
                yield self._line(area, one)

    def _machine(self) -> Iterator[tuple[str, Iterator[Finding]]]:
        yield "cấu hình", self._about_settings()
        yield "thư mục dữ liệu", _about_folder(self._settings.data_dir)
        yield "khóa", self._about_keys()
        yield "hàng chờ trên đĩa", self._about_spool()

    async def _outside(self, work: Work | None, stack: ExitStack) -> AsyncIterator[tuple[str, Finding]]:
        from bot.doctor_accounts import about_accounts
        from bot.gateways.speech import Speech, engines

        if work:
            stack.callback(work.close)
            self._secrets |= await work.read(_held)
        async for account in about_accounts(self._settings, work, self._now):
            yield "tài khoản", account
        for one in await _about_source(self._settings, self._now):
            yield "hệ thống thông tin nguồn", one
        for one in await Speech(self._settings.data_dir, engines(self._settings.gtts)).check():
            yield "giọng đọc", one
        for one in [await clock_of_others(await _bases(self._settings, work), self._now, SKEW_MS)]:
            yield "đồng hồ", one
        for one in await public_address(self._settings.public_url):
            yield "địa chỉ công khai", one

    def _line(self, area: str, one: Finding) -> Line:
        return Line(area, one.ok, self._clean(one.what), "" if one.ok else self._clean(one.remedy))

    def _clean(self, text: str) -> str:
        text = redact(" ".join(text.split()))
        for secret in sorted((one for one in self._secrets if len(one) >= 6), key=len, reverse=True):
            text = text.replace(secret, "[bí mật]")
        return text

    # ---- this machine ----

    def _about_settings(self) -> Iterator[Finding]:
        wrong = [Finding(False, f"THONTIN_{one.setting.upper()}: {one.what}.", _sentence(one.remedy))
                 for one in faults(self._settings)]  # fmt: skip
        known = {f"THONTIN_{name.upper()}" for name in type(self._settings).model_fields} | OURS
        strange = sorted({name for name in self._named() if name not in known})
        wrong += [
            Finding(False, f"{name}: không có mục cấu hình nào tên như vậy.", "Xem .env.example.") for name in strange
        ]
        yield from wrong or [Finding(True, "Mọi mục cấu hình đều hợp lệ.")]

    def _named(self) -> Iterator[str]:
        for name in (*self._environ, *dotenv_values(".env", interpolate=False)):
            if name.upper().startswith("THONTIN_"):
                yield name.upper()

    def _about_keys(self) -> Iterator[Finding]:
        if self._settings.keys.get_secret_value():
            yield Finding(True, "Khóa mã hóa lấy từ THONTIN_KEYS.")
            return
        path = self._settings.data_dir / "keys"
        if not path.exists():
            yield Finding(True, f"Chưa có khóa: {path} sẽ được tạo khi chạy lần đầu.")
        elif path.stat().st_mode & 0o077:
            yield Finding(False, f"Người khác trên máy đọc được {path}.", f"Chạy: chmod 600 {path}")
        else:
            yield Finding(True, f"Khóa mã hóa ở {path}, chỉ mình chương trình đọc được. Nhớ giữ một bản sao nơi khác.")

    def _about_spool(self) -> Iterator[Finding]:
        folder = self._settings.data_dir / "spool"
        waiting = sum(1 for _ in folder.glob("*.heard")) if folder.is_dir() else 0
        if waiting:
            remedy = "Chạy thontin run: tin chờ được xử lý ngay khi cơ sở dữ liệu trả lời."
            yield Finding(False, f"{waiting} tin của người dân đang chờ trên đĩa.", remedy)
        else:
            yield Finding(True, "Không có tin nào chờ trên đĩa.")

    # ---- the database ----

    def _database(self, stack: ExitStack) -> tuple[Database | None, list[Finding]]:
        """The database if it can be asked, and what was found; in a thread, for a dead one makes us wait."""
        url = self._settings.database_url
        path = Path(url.removeprefix("sqlite:///"))
        if url.startswith("sqlite:///") and not path.exists():
            return None, [Finding(True, f"Chưa có {path}: sẽ được tạo khi chạy lần đầu.")]
        try:
            vault, said = self._vault()
            database = Database(url, vault, self._now)
            stack.callback(database.close)
            return self._asked(database, said)
        except (SQLAlchemyError, OSError, ValueError) as error:
            remedy = "Kiểm tra THONTIN_DATABASE_URL, máy chủ cơ sở dữ liệu và quyền truy cập."
            return None, [Finding(False, f"Không mở được cơ sở dữ liệu ({type(error).__name__}).", remedy)]

    def _vault(self) -> tuple[Vault, list[Finding]]:
        """The vault. Without keys one that opens nothing: reading what is sealed says so later."""
        try:
            if self._settings.keys.get_secret_value() or (self._settings.data_dir / "keys").exists():
                return vault_of(self._settings), []
            return Vault.parse("none:" + "A" * 43 + "="), []
        except BadSetting as error:
            return Vault.parse("none:" + "A" * 43 + "="), [Finding(False, f"{error}.", "Sửa khóa theo lời báo.")]

    def _asked(self, database: Database, said: list[Finding]) -> tuple[Database | None, list[Finding]]:
        database.ping()
        at, ours = current(database.engine), newest()
        if at is None:
            return None, [*said, Finding(True, "Nối được, còn trống: các bảng sẽ được tạo khi chạy lần đầu.")]
        if at > ours:
            remedy = "Cập nhật chương trình, đừng chạy bản cũ trên cơ sở dữ liệu này."
            return None, [*said, Finding(False, f"Cơ sở dữ liệu ở bản {at}, chương trình chỉ biết đến {ours}.", remedy)]
        if at < ours:
            return None, [*said, Finding(True, f"Nối được, ở bản {at}: sẽ được nâng lên {ours} khi chạy.")]
        said += [Finding(True, f"Nối được, các bảng ở bản mới nhất ({ours})."), *_running(self._settings)]
        with database.reading() as tx:
            said += [_clock_of_database(tx, self._now), _failed(tx), *_paused(tx)]
            try:
                _held(tx)
            except WrongKey as error:
                remedy = "Đặt lại khóa đã dùng khi ghi dữ liệu vào THONTIN_KEYS."
                return None, [*said, Finding(False, f"{error}.", remedy)]
        return database, said


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _about_folder(folder: Path) -> Iterator[Finding]:
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        yield Finding(
            False, f"Không ghi được vào {folder} ({error.strerror}).", "Cấp quyền ghi hoặc đổi THONTIN_DATA_DIR."
        )
        return
    whole = f"{folder.absolute()}: ghi được, còn trống {free / 1024**3:.1f} GiB."
    yield Finding(free >= LEAST_SPACE, whole, "Dọn bớt đĩa: ảnh và video của phản ánh cần chỗ.")


def _running(settings: Settings) -> Iterator[Finding]:
    if not settings.database_url.startswith("sqlite"):
        return
    try:
        only_one(settings).close()
    except AlreadyRunning:
        yield Finding(True, "thontin run đang chạy trên thư mục dữ liệu này.")
    else:
        yield Finding(True, "thontin run hiện không chạy trên thư mục dữ liệu này.")


def _clock_of_database(tx: Transaction, now: Now) -> Finding:
    theirs = health.clock_ms(tx)
    skew = abs((theirs or now()) - now())
    if skew > SKEW_MS:
        remedy = "Bật đồng bộ giờ trên cả hai máy: timedatectl set-ntp true"
        return Finding(False, f"Đồng hồ của máy cơ sở dữ liệu lệch {skew // 1000} giây.", remedy)
    return Finding(True, "Đồng hồ của cơ sở dữ liệu khớp.")


def _failed(tx: Transaction) -> Finding:
    failed = inbox.failed_count(tx)
    if failed:
        return Finding(
            False, f"{failed} tin nhận được nhưng xử lý bị lỗi, đang được giữ.", "Chạy: thontin doctor --replay"
        )
    return Finding(True, "Mọi tin nhận được đều đã xử lý.")


def _paused(tx: Transaction) -> list[Finding]:
    held = pause.of(tx)
    if held is None:
        return []
    why = f"Kênh đang tạm dừng gửi từ {when(held.since)}: phục hồi từ bản sao lúc {when(held.backup_at)}."
    return [Finding(False, why, "Kiểm tra xong thì chạy: thontin resume (thêm --send-missed để gửi lại tin bị lỡ)")]


def _held(tx: Transaction) -> set[str]:
    """Every secret of every account, to strike them out."""
    return {value for row in accounts.every(tx) for value in accounts.secrets(tx, row).values()}


async def _about_source(settings: Settings, now: Now) -> list[Finding]:
    from bot.service import source_of

    try:
        source = source_of(settings, now)
    except BadSetting as error:
        return [Finding(False, f"{error}.", "Sửa mục cấu hình này.")]
    try:
        await source.start()
        return await source.check()
    finally:
        await source.close()


async def _bases(settings: Settings, work: Work | None) -> list[str]:
    """The addresses whose clocks we may ask: of accounts, else of the settings that name one; https first."""
    rows = await work.read(accounts.every) if work else []
    found = {row.base_url for row in rows if row.base_url and row.channel != "source_system"}
    if not rows:
        asked = {
            settings.telegram_base_url: settings.telegram_token.get_secret_value(),
            settings.zalo_oa_base_url: settings.zalo_oa_id,
            settings.zalo_bot_base_url: settings.zalo_bot_token.get_secret_value(),
        }
        found = {base for base, named in asked.items() if named}
    return sorted(found, key=lambda base: (not base.startswith("https://"), base))
