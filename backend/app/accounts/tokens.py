"""Signed tokens (JWT, HS256). They name a session; whether it still stands is asked of the database every time."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

import jwt
from jwt.types import Options

from app.accounts.models import AuthSession, User
from app.kernel.clock import now
from app.kernel.config import Settings

SECONDS_PER_DAY = 86_400
REQUIRED = ["exp", "iat", "sub", "jti"]
MAX_LENGTH = 2048  # characters; a longer one is not ours and not worth decoding


class TokenType(StrEnum):
    """A bearer's token or a cookie's: neither door takes the other's."""

    ACCESS = "access"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Claims:
    """What an authentic token says."""

    user_id: str
    session_id: int


def access(settings: Settings, user: User, merchant_id: str | None, session: AuthSession) -> tuple[str, int]:
    """A bearer token, and the seconds for which it is good: never longer than its session."""
    at = now()
    expires_at = min(at + int(settings.jwt_access_token_expire_days * SECONDS_PER_DAY), session.expires_at)
    return _signed(settings, TokenType.ACCESS, user, merchant_id, session, expires_at), expires_at - at


def console(settings: Settings, user: User, merchant_id: str | None, session: AuthSession) -> str:
    """The console cookie's value, good as long as the session."""
    return _signed(settings, TokenType.CONSOLE, user, merchant_id, session, session.expires_at)


def read(settings: Settings, token: str, kind: TokenType) -> Claims | None:
    """What the token says, or None when it is forged, expired, of another kind, or no token at all."""
    if len(token) > MAX_LENGTH:
        return None
    try:
        # The algorithm is ours to choose: believing the header's would accept `none`.
        # `iat` is not compared with our clock: an instance whose clock is a second behind would refuse new tokens.
        options: Options = {"require": REQUIRED, "verify_iat": False}
        claims = jwt.decode(token, settings.secret_key, algorithms=["HS256"], options=options)
        said = Claims(claims["sub"], int(claims["sid"]))
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        return None
    return said if claims.get("typ") == kind else None


def _signed(
    settings: Settings,
    kind: TokenType,
    user: User,
    merchant_id: str | None,
    session: AuthSession,
    expires_at: int,
) -> str:
    claims = {
        "sub": user.id,
        "role": user.role,
        "mid": merchant_id,
        "sid": str(session.id),
        "typ": kind,
        "iat": now(),
        "exp": expires_at,
        "jti": secrets.token_urlsafe(12),
    }
    return jwt.encode(claims, settings.secret_key, algorithm="HS256")
