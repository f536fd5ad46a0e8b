"""Encryption at rest: every sealed value carries the id of its key, so that keys can rotate."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # made once: every turn seals twice


class WrongKey(Exception):
    """The key that sealed a value is not among THONTIN_KEYS."""


def new_key() -> str:
    """A fresh random key as text."""
    return Fernet.generate_key().decode()


class Vault:
    """Seals with the newest key, opens with whichever key a value names.

    `keys` maps key id to key (url-safe base64, 32 bytes), newest first.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        if not keys:
            raise WrongKey("THONTIN_KEYS is empty: no key to encrypt with")
        self._keys = {name: _fernet(name, value) for name, value in keys.items()}
        self._newest = next(iter(keys))
        self._secrets = {name: value.encode() for name, value in keys.items()}

    @classmethod
    def parse(cls, text: str) -> "Vault":
        """A vault from `id:key,id:key`, newest first (the setting THONTIN_KEYS)."""
        pairs = [one.strip().partition(":") for one in text.split(",") if one.strip()]
        if any(not name or not value for name, _, value in pairs):
            raise WrongKey("THONTIN_KEYS must read id:key,id:key")
        return cls({name: value for name, _, value in pairs})

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return self._newest

    def seal(self, text: str) -> str:
        """`text` encrypted, with the id of its key before it; the empty text stays empty."""
        if not text:
            return ""
        return f"{self._newest}:{self._keys[self._newest].encrypt(text.encode('utf-8', 'replace')).decode()}"

    def open(self, sealed: str) -> str:
        """What `seal` was given. Raises `WrongKey`."""
        if not sealed:
            return ""
        name, _, token = sealed.partition(":")
        if name not in self._keys:
            raise WrongKey(f"THONTIN_KEYS has no key {name!r}, which the database was written with")
        try:
            return self._keys[name].decrypt(token.encode()).decode()
        except InvalidToken:
            raise WrongKey(f"the key {name!r} in THONTIN_KEYS is not the one the database was written with") from None

    def seal_json(self, value: Any) -> str:
        """`value` as JSON, sealed."""
        return self.seal(_JSON.encode(value))

    def open_json(self, sealed: str) -> Any:
        """The value of `seal_json`; None for the empty text."""
        return json.loads(self.open(sealed)) if sealed else None

    def sign(self, purpose: str, text: str) -> str:
        """A short proof that we wrote `text` for `purpose`: key id, dot, 16 bytes of HMAC-SHA256 in base64."""
        return f"{self._newest}.{self._mac(self._newest, purpose, text)}"

    def signed(self, purpose: str, text: str, proof: str) -> bool:
        """Whether `proof` came from `sign` with any of our keys."""
        name, _, mac = proof.partition(".")
        given = mac.encode("utf-8", "replace")
        return name in self._keys and hmac.compare_digest(given, self._mac(name, purpose, text).encode())

    def _mac(self, name: str, purpose: str, text: str) -> str:
        whole = hmac.new(self._secrets[name], f"{purpose}\n{text}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(whole[:16]).decode().rstrip("=")


def _fernet(name: str, value: str) -> Fernet:
    try:
        return Fernet(value.encode())
    except ValueError:
        raise WrongKey(f"the key {name!r} in THONTIN_KEYS is not 32 bytes of url-safe base64") from None
