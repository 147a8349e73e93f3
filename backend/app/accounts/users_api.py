"""The JSON door of users: the own profile for everybody, everybody's for admins."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from app.accounts import admins, own_password, preferences, users
from app.accounts.names import USER_ID_PATTERN, Line
from app.accounts.own_password import PasswordChange
from app.accounts.preferences import Preferences, PreferencesChange
from app.accounts.shapes import ProfileChange, UserChange, UserCreate, UserPublic
from app.kernel.config import InUse
from app.kernel.db import Db, ReadTx, Tx
from app.kernel.identity import Admin, Me, Role
from app.kernel.limits import limits_of
from app.kernel.paging import Listing, Paging
from app.kernel.refusals import refusals

router = APIRouter(tags=["users"])
UserIdPath = Annotated[str, Path(pattern=USER_ID_PATTERN, examples=["b17"])]


@router.get("/users/me", summary="Read the own profile", responses=refusals(401))
@router.get("/user/profile", summary="Read the own profile (older path)", responses=refusals(401))
async def read_me(me: Me, session: ReadTx, settings: InUse) -> UserPublic:
    """The caller's own profile. Any user."""
    return await users.public(session, settings, await users.get(session, me.user_id))


@router.put("/users/me", summary="Change the own profile", responses=refusals(400, 401, 409))
@router.put("/user/profile", summary="Change the own profile (older path)", responses=refusals(400, 401, 409))
async def change_me(body: ProfileChange, me: Me, session: Tx, settings: InUse) -> UserPublic:
    """Set the fields that are sent; the others stay. Any user.

    400 `foreign_link` for an avatar that was not uploaded here, 409 `email_taken` or `phone_taken`.
    """
    return await users.public(session, settings, await users.change(session, settings, me.user_id, body))


@router.get("/users/me/preferences", summary="Read the own preferences", responses=refusals(401))
async def read_preferences(me: Me, session: ReadTx) -> Preferences:
    """How the caller likes to work at the console; defaults where nothing was chosen."""
    return await preferences.of(session, me.user_id)


@router.put("/users/me/preferences", summary="Change the own preferences", responses=refusals(401))
async def change_preferences(body: PreferencesChange, me: Me, session: Tx) -> Preferences:
    """Set the fields that are sent; the others stay. Any user."""
    return await preferences.change(session, me, body)


@router.put("/users/me/password", summary="Change the own password", status_code=204, responses=refusals(401, 403, 429))
async def change_password(body: PasswordChange, request: Request, me: Me, db: Db, settings: InUse) -> None:
    """Set a new password; every other session ends, this one stays. Any user who has one.

    403 `wrong_password` for a wrong `current`, 429 after ten tries a minute.
    """
    await limits_of(request).hit("own-password", me.user_id, own_password.GUESSES)
    await own_password.change(db, settings, me, body)


@router.get("/users/", summary="List users", responses=refusals(401, 403))
async def list_users(
    me: Admin,
    session: ReadTx,
    settings: InUse,
    page: Paging,
    role: Annotated[Role | None, Query(description="Only this role.")] = None,
    q: Annotated[Line, Query(max_length=100, description="Part of a name, id, e-mail or phone number.")] = "",
) -> Listing[UserPublic]:
    """Everybody, newest first. Admins only."""
    count, results = await users.listing(session, settings, page, role, q)
    return Listing(count=count, results=results)


@router.post("/users/", summary="Create a user", status_code=201, responses=refusals(400, 401, 403, 409))
async def create_user(body: UserCreate, me: Admin, db: Db, settings: InUse) -> UserPublic:
    """Make a user of any role. Admins only.

    A merchant owns a shop of its own, or with `merchant_id` is an agent of that shop. 400 `no_such_shop`;
    409 `id_taken`, `username_taken`, `email_taken`, `phone_taken`.
    """
    return await admins.create(db, settings, me, body)


@router.get("/users/{user_id}", summary="Read a user", responses=refusals(401, 403, 404))
async def read_user(user_id: UserIdPath, me: Admin, session: ReadTx, settings: InUse) -> UserPublic:
    """One user. Admins only."""
    return await users.public(session, settings, await users.get(session, user_id))


@router.put("/users/{user_id}", summary="Change a user", responses=refusals(400, 401, 403, 404, 409))
async def change_user(user_id: UserIdPath, body: UserChange, me: Admin, db: Db, settings: InUse) -> UserPublic:
    """Set the fields that are sent; the others stay. Admins only.

    `is_blocked: true` and a new `password` end all sessions of the user; blocking the owner of a shop suspends the
    shop with everybody who acts for it. The role stays: it is in the id. 409 `not_yourself` when an admin blocks the
    own account, `last_admin` for the last one who may come in.
    """
    return await admins.change(db, settings, me, user_id, body)


@router.delete("/users/{user_id}", summary="Delete a user", status_code=204, responses=refusals(401, 403, 404, 409))
async def delete_user(user_id: UserIdPath, me: Admin, session: Tx) -> None:
    """Delete a user who left no trace. Admins only.

    409 `user_has_history` for one who has conversations: block that user instead. 409 `shop_has_staff`, `not_yourself`.
    """
    await admins.remove(session, me, user_id)
