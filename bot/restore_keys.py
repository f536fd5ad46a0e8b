"""Which keys open a backup, and that the restored installation has them."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.archive import Archive
from bot.backup import key_file
from bot.config import Settings
from storage import Vault, WrongKey
from storage.vault import new_key


class NoKey(Exception):
    """The keys at hand do not open the backup; the sentence says what to do."""


@dataclass(frozen=True)
class Keys:
    """The keys of the restored installation. `file` is where they must be written; None: they are where they belong."""

    text: str
    file: Path | None
    lost: bool  # what the backup has sealed cannot be opened

    @property
    def vault(self) -> Vault:
        """Of these keys."""
        return Vault.parse(self.text)


def chosen(settings: Settings, archive: Archive, key: Path | None, without_key: bool) -> Keys:
    """The keys to go on with: those of the installation where they fit, else those given. Raises `NoKey`."""
    held, file = _held(settings), settings.data_dir / "keys"
    if without_key:
        return Keys(held or f"{_free(archive)}:{new_key()}", None if held else file, lost=True)
    if key is None and held and fits(archive, held):
        return Keys(held, None, lost=False)
    given = _given(archive, key)
    if settings.keys.get_secret_value() and given != held:
        raise NoKey("THONTIN_KEYS không phải khóa của bản sao này: ghi nội dung tệp khóa vào THONTIN_KEYS (hoặc để "
                    "trống mục ấy) rồi chạy lại")  # fmt: skip
    return Keys(given, None if given == held else file, lost=False)


def fits(archive: Archive, text: str) -> bool:
    """Whether these keys wrote the backup and open everything in it."""
    try:
        vault = Vault.parse(text)
    except WrongKey:
        return False
    ids = {one.partition(":")[0].strip() for one in text.split(",")}
    return vault.signed("backup", archive.digest, archive.proof) and set(archive.manifest.keys) <= ids


def _held(settings: Settings) -> str:
    path = settings.data_dir / "keys"
    return settings.keys.get_secret_value() or (path.read_text().strip() if path.exists() else "")


def _given(archive: Archive, key: Path | None) -> str:
    path = key or key_file(archive.path)
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        if key:
            raise NoKey(f"Không đọc được tệp khóa {key}") from None
        raise NoKey(f"Thiếu khóa của bản sao (không có {path}): chỉ tệp khóa bằng --key; nếu đã mất hẳn khóa thì dùng "
                    "--without-key, khi ấy mất tên, số điện thoại, lời phản ánh và mã tài khoản, không mất người "
                    "theo dõi") from None  # fmt: skip
    if not fits(archive, text):
        raise NoKey(f"Khóa trong {path} không phải khóa của bản sao này")
    return text


def _free(archive: Archive) -> str:
    """An id that none of the lost keys has."""
    return next(name for name in map("k{}".format, range(1, 1_000_000)) if name not in archive.manifest.keys)


def installed(keys: Keys) -> ExitStack:
    """Write the keys where the installation looks for them; closing the stack takes them away again."""
    undo = ExitStack()
    if keys.file is None:
        return undo
    keys.file.parent.mkdir(0o700, parents=True, exist_ok=True)
    if keys.file.exists():
        before = next(one for one in map(f"{keys.file}.{{}}".format, range(1, 1000)) if not Path(one).exists())
        keys.file.rename(before)
        undo.callback(Path(before).rename, keys.file)
    else:
        undo.callback(keys.file.unlink, missing_ok=True)
    descriptor = os.open(keys.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(keys.text + "\n")
    return undo
