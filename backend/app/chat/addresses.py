"""Addresses of pages that buyers looked at, without what could open a door: a shop's staff reads them."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

MAX_URL = 500  # characters, as stored
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|auth|session|(^|[_-])(sid|sig|key|code|jwt|otp|nonce|state|signature|hash)($|[_-])|apikey",
    re.I,
)
_SECRET_VALUE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_~.+/=-]{24,}")


def clean(url: str) -> str:
    """`url` as it is kept: http(s) only, without a user, a fragment and what looks like a secret; else empty."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    asked = parse_qsl(parts.query, keep_blank_values=True, errors="replace", max_num_fields=None)
    kept = [
        (name, value) for name, value in asked if not _SECRET_NAME.search(name) and not _SECRET_VALUE.fullmatch(value)
    ]
    host = f"[{host}]" if ":" in host else host
    cleaned = urlunsplit((parts.scheme.lower(), host + port, parts.path, urlencode(kept), ""))
    if len(cleaned) > MAX_URL:
        cleaned = urlunsplit((parts.scheme.lower(), host + port, parts.path, "", ""))[:MAX_URL]
    return "".join(letter for letter in cleaned if ord(letter) >= 32).encode("utf-8", "ignore").decode()
