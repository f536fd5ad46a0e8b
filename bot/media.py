"""The media store: files by their sha256 under DATA_DIR/media, and signed addresses for platforms that fetch them."""

import hashlib
import mimetypes
import secrets
from pathlib import Path

from storage import Vault
from storage.media import signed_address

SIGNED_MS = 24 * 3_600_000  # platforms fetch a file more than once, minutes apart
_ENDINGS = {"audio/aac": ".aac", "audio/mpeg": ".mp3", "audio/ogg": ".ogg", "image/jpeg": ".jpg", "audio/mp4": ".m4a"}


class MediaStore:
    """Files are written once and never changed: their name is what they contain."""

    def __init__(self, folder: Path, vault: Vault, public_url: str) -> None:
        self.folder, self._vault, self._public_url = folder, vault, public_url
        folder.mkdir(0o700, parents=True, exist_ok=True)

    def keep(self, content: bytes) -> str:
        """Keep a file; its sha256. It is complete on disk before anybody hears of it."""
        sha = hashlib.sha256(content).hexdigest()
        path = self.path(sha)
        if not path.exists():
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            part = path.with_suffix(f".{secrets.token_hex(6)}.part")  # the same file may come twice at once
            part.write_bytes(content)
            part.replace(path)
        return sha

    def drop(self, sha: str) -> None:
        """A file that nothing refers to any more."""
        self.path(sha).unlink(missing_ok=True)

    def path(self, sha: str) -> Path:
        """Where a file is, or would be."""
        return self.folder / sha[:2] / sha

    def address(self, sha: str, mime: str, now: int) -> str:
        """A public address that works for a day; empty when this server has none."""
        return signed_address(self._vault, self._public_url, f"{sha}{ending(mime)}", now + SIGNED_MS)

    def opened(self, ticket: str, name: str, now: int) -> Path | None:
        """The file behind a signed address, while it is valid."""
        until, _, proof = ticket.partition(".")
        sha = name.partition(".")[0]
        if not self._vault.signed("media", f"{until}/{name}", proof) or int(until) < now:
            return None  # only what we signed is read as a number
        path = self.path(sha)
        return path if path.is_file() else None


def ending(mime: str) -> str:
    """The file ending for a type: a platform may insist on `.aac`."""
    return _ENDINGS.get(mime) or mimetypes.guess_extension(mime) or ""


def mime_of(path: Path) -> str:
    """What a stored file is, by its first bytes."""
    from bot.sniff import sniff

    with path.open("rb") as opened:
        return sniff(opened.read(64)) or "application/octet-stream"
