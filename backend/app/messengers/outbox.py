"""The outbox of a development machine: what would have left, as files that any mail program opens."""

import email
import os
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from app.kernel.config import Settings
from app.kernel.errors import NotFound

NAME = re.compile(r"[A-Za-z0-9_-]{1,80}\.(eml|sms)")
KEPT = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as the admin's page shows it. Times are seconds since the epoch."""

    name: str
    kept_at: int
    to: str
    subject: str
    headers: list[tuple[str, str]]
    text: str
    html: str

    @property
    def is_sms(self) -> bool:
        return self.name.endswith(".sms")


def is_open(settings: Settings) -> bool:
    """Whether the outbox may be looked at: never in production, where it holds nothing either."""
    return settings.environment == "development"


def folder_of(settings: Settings) -> Path:
    """Where the files lie."""
    return settings.var_dir / "outbox"


def put(folder: Path, name: str, message: EmailMessage) -> str:
    """Keep `message` under `name`, wholly or not at all; the same name again replaces it. Answers where."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = folder / f".{name}.{os.getpid()}"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(message.as_bytes())
    new.replace(folder / name)
    for old in _newest(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return f"outbox/{name}"


def listing(folder: Path, limit: int) -> tuple[int, list[Kept]]:
    """How many there are, and the newest."""
    found = _newest(folder)
    return len(found), [_read(path) for path in found[:limit]]


def get(folder: Path, name: str) -> Kept:
    """One of them; 404 for any name that is not in the folder."""
    path = folder / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise NotFound("message_not_found", "There is no such message.")
    return _read(path)


def _newest(folder: Path) -> list[Path]:
    found = [(path.stat().st_mtime_ns, path) for path in folder.glob("*") if NAME.fullmatch(path.name)]
    return [path for _, path in sorted(found, reverse=True)]


def _read(path: Path) -> Kept:
    message = email.message_from_bytes(path.read_bytes(), EmailMessage, policy=default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Kept(
        name=path.name,
        kept_at=int(path.stat().st_mtime),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        headers=[(name, str(value)) for name, value in message.items()],
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
    )
