"""Secrets as they are stored: hashed where it is enough to know them again, else sealed.

Sealed are those that we must be able to read: under a key derived from SECRET_KEY, one for each purpose.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.kernel.config import Settings


class Unreadable(Exception):
    """The secret was stored under another SECRET_KEY, or for another purpose."""


def hashed(secret: str) -> str:
    """What is kept of a random secret that we handed out: no salt, because nobody can guess it. Not for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()


def seal(settings: Settings, purpose: bytes, secret: str) -> str:
    """The secret as it is stored."""
    return _box(settings, purpose).encrypt(secret.encode()).decode()


def unseal(settings: Settings, purpose: bytes, sealed: str) -> str:
    """The opposite of `seal`; raises `Unreadable`."""
    try:
        return _box(settings, purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable() from error


def _box(settings: Settings, purpose: bytes) -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=purpose).derive(settings.secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))
