"""Secrets of endpoints and the signatures made with them, as Standard Webhooks 1.0 has it.

Signed is `id.timestamp.body` with HMAC-SHA256. The receiver needs the secret itself, so it cannot be hashed like a
password: it is stored under a key that is derived from SECRET_KEY.
"""

import base64
import hashlib
import hmac
import secrets

from app.kernel import sealing
from app.kernel.config import Settings
from app.kernel.sealing import Unreadable

PREFIX = "whsec_"
SECRET_BYTES = 32  # the specification allows 24 to 64
_PURPOSE = b"parley: secrets of webhook endpoints"
__all__ = ["Unreadable", "headers", "new_secret", "seal", "signature", "unseal"]


def new_secret() -> str:
    """A secret as receivers enter it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def seal(settings: Settings, secret: str) -> str:
    """The secret as it is stored."""
    return sealing.seal(settings, _PURPOSE, secret)


def unseal(settings: Settings, sealed: str) -> str:
    """The opposite of `seal`; raises `Unreadable`."""
    return sealing.unseal(settings, _PURPOSE, sealed)


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature of the header `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers(secrets_in_use: list[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; several secrets (a rotation) make several signatures."""
    signed = (signature(secret, message_id, timestamp, body) for secret in secrets_in_use)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
