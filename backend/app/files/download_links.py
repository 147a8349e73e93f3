"""Links to private files that end: HMAC-SHA256 over the file, its owner and the moment at which the link dies.

The link alone opens nothing: the door asks who is there, too. So a link in a forwarded mail or in a log is of no use.
"""

import hashlib
import hmac
from typing import NamedTuple

from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.errors import AppError, Forbidden

LINK_SECONDS = 900


class Link(NamedTuple):
    """An address, absolute, and when it ends (seconds since the epoch)."""

    url: str
    expires_at: int


def link(settings: Settings, owner_id: str, file_id: int) -> Link:
    """A fresh link for the owner."""
    expires_at = now() + LINK_SECONDS
    signature = _signature(settings, owner_id, file_id, expires_at)
    return Link(f"{settings.base_url}/downloads/{file_id}?expires={expires_at}&signature={signature}", expires_at)


def check(settings: Settings, owner_id: str, file_id: int, expires_at: int, signature: str) -> None:
    """Refuse a link that we did not sign for this owner, and one whose time is over."""
    if not hmac.compare_digest(_signature(settings, owner_id, file_id, expires_at).encode(), signature.encode()):
        raise Forbidden("link_invalid", "This link is not valid for you. Ask for a new one.")
    if expires_at <= now():
        raise AppError(410, "link_expired", "This link has expired. Ask for a new one.")


def _signature(settings: Settings, owner_id: str, file_id: int, expires_at: int) -> str:
    # A key of its own, so that nothing that is signed elsewhere with the same secret can pass here.
    key = hmac.digest(settings.secret_key.encode(), b"parley download links", hashlib.sha256)
    return hmac.digest(key, f"{file_id}:{owner_id}:{expires_at}".encode(), hashlib.sha256).hex()
