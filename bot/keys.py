"""Encryption keys: from THONTIN_KEYS, else a generated file that only we may read."""

import os
from pathlib import Path

from bot.config import BadSetting, Settings
from storage import Vault, WrongKey
from storage.vault import new_key


def vault_of(settings: Settings) -> Vault:
    """The vault. Raises `BadSetting` with one sentence when the keys cannot be used."""
    try:
        return Vault.parse(keys_of(settings))
    except WrongKey as error:
        raise BadSetting(str(error)) from None


def keys_of(settings: Settings) -> str:
    """The keys as text, newest first; made where there are none. Raises `BadSetting`."""
    return settings.keys.get_secret_value() or _from_file(settings.data_dir / "keys")


def _from_file(path: Path) -> str:
    if path.exists():
        if path.stat().st_mode & 0o077:
            raise BadSetting(f"{path} may be read by others: chmod 600 it")
        return path.read_text().strip()
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    written = f"k1:{new_key()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(written + "\n")
    return written
