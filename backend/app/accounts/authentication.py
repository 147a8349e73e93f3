"""From a request or a token to an `Identity`: one query, which also sees whether the session still stands.

The role and the shop come from the database, never from the token's own words or a query parameter.
"""

import asyncio
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.accounts import api_keys, tokens
from app.accounts.models import AuthSession, SessionKind, Staff, User
from app.accounts.sessions import Client, SignedIn
from app.accounts.tokens import TokenType
from app.kernel.clock import now
from app.kernel.config import Settings, settings_of
from app.kernel.db import Database, database_of
from app.kernel.errors import Unauthorized
from app.kernel.identity import Identity, Role
from app.kernel.limits import address_of, limits_of
from app.kernel.page_security import SAFE_METHODS, SESSION_COOKIE

API = "/api/v1/"
NEVER_BY_KEY = (f"{API}auth/", f"{API}api-keys", f"{API}shop/identity-keys", f"{API}users/me/", f"{API}user/")
READ_BY_KEY = (f"{API}staff", f"{API}invitations", f"{API}users")
PER_KEY = "600/minute"

_notes: set[asyncio.Task[None]] = set()


async def authenticate(connection: HTTPConnection) -> Identity | None:
    """Who asks: by bearer token, else by the console's cookie; None for a stranger.

    A wrong bearer token is a 401, because a client must learn that it has to refresh. A wrong cookie is a stranger,
    because a browser cannot help sending it. A request with an Authorization header is never judged by its cookie:
    the check against forged forms lets such requests pass.
    """
    settings, db = settings_of(connection), database_of(connection)
    header = connection.headers.get("authorization")
    if header is None:
        cookie = connection.cookies.get(cookie_name(settings))
        return await _standing(db, settings, cookie, TokenType.CONSOLE) if cookie else None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    identity = await authenticate_token(db, settings, token.strip())
    if identity is None:
        raise Unauthorized("token_invalid", "This session has ended. Please sign in again.")
    if identity.is_api_key and connection.scope["type"] == "http":
        _check_is_for_keys(connection)
        await limits_of(connection).hit("api-key", str(identity.session_id), PER_KEY)
    return identity


async def authenticate_token(db: Database, settings: Settings, token: str) -> Identity | None:
    """Whose bearer token or API key this is, or None. For sockets, whose token comes in a frame."""
    if not token.startswith(api_keys.PREFIX):
        return await _standing(db, settings, token, TokenType.ACCESS)
    async with db.reading() as session:
        found = await api_keys.find(session, token)
    if found is None:
        return None
    if found.is_stale:
        _note_use(db, found.identity.session_id)
    return found.identity


def _check_is_for_keys(connection: HTTPConnection) -> None:
    """A key opens the API only, no page, and there nothing that is about keys, people's accounts or sessions."""
    path = connection.scope["path"]
    method = connection.scope["method"]
    is_open = path.startswith(API) and not path.startswith(NEVER_BY_KEY)
    if not is_open or (method not in SAFE_METHODS and path.startswith(READ_BY_KEY)):
        raise api_keys.not_by_key()


def _note_use(db: Database, key_id: int) -> None:
    """Beside the request, which may hold the only write unit there is."""

    async def write() -> None:
        with suppress(SQLAlchemyError, OSError):
            await db.write(lambda session: api_keys.note_use(session, key_id))

    task = asyncio.create_task(write(), name="last use of an API key")
    _notes.add(task)
    task.add_done_callback(_notes.discard)


def cookie_name(settings: Settings) -> str:
    """With https the `__Host-` prefix, so that no sibling subdomain can plant a cookie of ours."""
    return f"__Host-{SESSION_COOKIE}" if _is_https(settings) else SESSION_COOKIE


def set_cookie(response: Response, settings: Settings, signed_in: SignedIn) -> None:
    """Hand the console its cookie."""
    response.set_cookie(
        cookie_name(settings),
        tokens.console(settings, signed_in.user, signed_in.merchant_id, signed_in.session),
        max_age=signed_in.session.expires_at - now(),
        path="/",
        secure=_is_https(settings),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, settings: Settings) -> None:
    """Take the console's cookie back."""
    response.delete_cookie(cookie_name(settings), path="/", secure=_is_https(settings), httponly=True, samesite="lax")


def client_of(connection: HTTPConnection) -> Client:
    """What the list of sessions says about this caller."""
    return Client(address_of(connection), connection.headers.get("user-agent", ""))


async def _standing(db: Database, settings: Settings, token: str, kind: TokenType) -> Identity | None:
    claims = tokens.read(settings, token, kind)
    if claims is None:
        return None
    owner = aliased(User)
    query = (
        select(User.id, User.role, Staff.merchant_id)
        .select_from(AuthSession)
        .join(User, col(User.id) == col(AuthSession.user_id))
        .outerjoin(Staff, col(Staff.user_id) == col(User.id))
        .outerjoin(owner, col(owner.id) == col(Staff.merchant_id))
        .where(
            col(AuthSession.id) == claims.session_id,
            col(AuthSession.user_id) == claims.user_id,
            col(AuthSession.revoked_at).is_(None),
            col(AuthSession.expires_at) > now(),
            col(User.blocked_at).is_(None),
            col(owner.blocked_at).is_(None),
        )
    )
    if kind is TokenType.CONSOLE:
        query = query.where(col(AuthSession.kind) == SessionKind.CONSOLE)
    async with db.reading() as session:
        row = (await session.exec(query)).first()
    return Identity(row[0], Role(row[1]), row[2], claims.session_id) if row else None


def _is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")
