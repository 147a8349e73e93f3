"""The JSON door of accounts: signing in, tokens and sessions."""

from typing import Annotated

from fastapi import APIRouter, Body, Form, Path
from starlette.requests import Request

from app.accounts import (
    api_keys_api,
    names,
    opening_api,
    passwords,
    sessions,
    shop_settings_api,
    staff_api,
    tokens,
    users_api,
)
from app.accounts.authentication import client_of
from app.accounts.sessions import SignedIn
from app.accounts.shapes import DeviceSignIn, RefreshRequest, SessionPublic, SignIn, Tokens, UserPublic
from app.kernel.config import InUse, Settings
from app.kernel.db import Database, Db, ReadTx, Tx
from app.kernel.errors import Unauthorized
from app.kernel.identity import MaybeMe, Me
from app.kernel.limits import caller_of, limits_of
from app.kernel.models import MAX_BIGINT
from app.kernel.paging import Listing
from app.kernel.refusals import refusals

PER_ACCOUNT = "10/minute"  # guesses at one password, from everywhere together
PER_ADDRESS = "30/minute"  # guesses at many accounts; an office behind one address still signs in
DEVICES_PER_ADDRESS = "60/minute"
REFRESHES_PER_ADDRESS = "120/minute"

router = APIRouter()
sign_in_routes = APIRouter(prefix="/auth", tags=["auth"])


@sign_in_routes.post("/login", summary="Sign in", responses=refusals(401, 403, 429))
async def login(body: Annotated[SignIn, Body()], request: Request, db: Db, settings: InUse) -> Tokens:
    """Begin a session. Anyone may.

    * `{"username", "password"}`: the user name, e-mail address or phone number (also under the name `account`).
    * `{"device_id"}`: 8 to 128 characters that the client drew at random and keeps secret. The first use makes a
      buyer, later ones find the same buyer.

    401 `wrong_credentials`, whichever half is wrong; 403 `blocked`; 429 after ten tries a minute for one account or
    thirty from one address.
    """
    if isinstance(body, DeviceSignIn):
        await limits_of(request).hit("device-sign-in", caller_of(request), DEVICES_PER_ADDRESS)
        return _tokens(settings, await sessions.sign_in_device(db, settings, body.device_id, client_of(request)))
    return await _by_password(request, db, settings, body.username, body.password)


@sign_in_routes.post("/token", summary="Sign in with a form", responses=refusals(401, 403, 429))
async def token(
    request: Request,
    db: Db,
    settings: InUse,
    username: Annotated[str, Form(min_length=1, max_length=254)],
    password: Annotated[str, Form(min_length=1, max_length=passwords.MAX_LENGTH)],
) -> Tokens:
    """The same as `/auth/login`, as the OAuth2 password form that the "Authorize" button of these pages sends."""
    return await _by_password(request, db, settings, username, password)


@sign_in_routes.post("/refresh", summary="Go on with a session", responses=refusals(401, 429))
async def refresh(body: RefreshRequest, request: Request, db: Db, settings: InUse) -> Tokens:
    """Exchange the refresh token for a new pair. Anyone who has one may.

    A refresh token works once. Using it again ends the whole session (401 `refresh_token_reused`): either the first
    or the second user was a thief. A second use within ten seconds is taken for a lost answer, as long as the pair
    of the first answer has not been used; the newest pair is then the only one that works, so several tabs should
    let one of them refresh for all.
    """
    await limits_of(request).hit("refresh", caller_of(request), REFRESHES_PER_ADDRESS)
    return _tokens(settings, await sessions.refresh(db, settings, body.refresh_token))


@sign_in_routes.post("/logout", summary="Sign out", status_code=204, responses=refusals(401))
async def logout(me: MaybeMe, session: Tx, body: RefreshRequest | None = None) -> None:
    """End this session: its tokens stop working at once, its sockets close within five seconds.

    With a bearer token, or with the refresh token in the body when the access token has expired. 401 with neither.
    """
    if me is not None:
        await sessions.end(session, me.session_id)
    elif body is not None:
        await sessions.end_by_token(session, body.refresh_token)
    else:
        raise Unauthorized()


@sign_in_routes.post("/logout-all", summary="Sign out everywhere", status_code=204, responses=refusals(401))
async def logout_all(me: Me, session: Tx) -> None:
    """End every session of the caller, this one too. Any user."""
    await sessions.end_all(session, me.user_id)


@sign_in_routes.get("/sessions", summary="List own sessions", responses=refusals(401))
async def list_sessions(me: Me, session: ReadTx) -> Listing[SessionPublic]:
    """The caller's sessions that stand, the last used first (at most 100). Any user."""
    rows = await sessions.listing(session, me.user_id)
    return Listing(count=len(rows), results=[SessionPublic.of(row, me.session_id) for row in rows])


@sign_in_routes.delete(
    "/sessions/{session_id}", summary="End one session", status_code=204, responses=refusals(401, 404)
)
async def end_session(session_id: Annotated[int, Path(ge=0, le=MAX_BIGINT)], me: Me, session: Tx) -> None:
    """End one of the caller's own sessions. 404 for another's, or one that has ended."""
    await sessions.end_own(session, me.user_id, session_id)


async def _by_password(request: Request, db: Database, settings: Settings, account: str, password: str) -> Tokens:
    await limits_of(request).hit("sign-in-address", caller_of(request), PER_ADDRESS)
    await limits_of(request).hit("sign-in-account", names.account_key(account), PER_ACCOUNT)
    return _tokens(settings, await sessions.sign_in(db, settings, account, password, client_of(request)))


def _tokens(settings: Settings, signed_in: SignedIn) -> Tokens:
    access_token, expires_in = tokens.access(settings, signed_in.user, signed_in.merchant_id, signed_in.session)
    return Tokens(
        access_token=access_token,
        refresh_token=signed_in.refresh_token,
        expires_in=expires_in,
        user=UserPublic.of(settings, signed_in.user, signed_in.merchant_id),
    )


router.include_router(sign_in_routes)
router.include_router(users_api.router)
router.include_router(staff_api.router)
router.include_router(shop_settings_api.router)
router.include_router(opening_api.router)
router.include_router(api_keys_api.router)
