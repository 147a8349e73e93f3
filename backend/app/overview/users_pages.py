"""Users as admins see them: the list, and one person with devices, shop, conversations and what was done about them."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field, ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import admins, users
from app.accounts.names import USER_ID_PATTERN
from app.accounts.shapes import UserChange, UserCreate
from app.accounts.viewers import AdminAtDesk, viewer
from app.chat.visits import device_of
from app.kernel import forms, i18n
from app.kernel.config import InUse, settings_of
from app.kernel.db import Db, ReadTx, Tx
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.identity import Identity, Role
from app.kernel.models import MAX_BIGINT
from app.kernel.paging import MAX_PAGE, Page
from app.overview import people

PAGE_SIZE = 20
NEW_FIELDS = ("username", "password", "role", "display_name", "email", "phone", "merchant_id")
OWN_FIELDS = ("username", "display_name", "email", "phone", "locale")
STATES = {"active": False, "suspended": True}

router = APIRouter(prefix="/admin/users")
UserId = Annotated[str, Path(pattern=USER_ID_PATTERN)]
Reason = Annotated[str, Form(max_length=300)]


class UserFilters(BaseModel):
    """What the list is narrowed to."""

    page: int = Field(default=1, ge=1, le=MAX_PAGE)
    q: str = Field(default="", max_length=100)
    role: str = Field(default="", max_length=20)
    state: str = Field(default="", max_length=20)


@router.get("")
async def users_page(
    request: Request, me: AdminAtDesk, session: ReadTx, wanted: Annotated[UserFilters, Query()]
) -> Response:
    """Everybody who has an account, and the form for one more."""
    return await _list(request, me, session, wanted)


@router.post("")
async def create_user(request: Request, me: AdminAtDesk, db: Db, settings: InUse) -> Response:
    """Make a user of any role."""
    typed = await _typed(request, NEW_FIELDS)
    problems: dict[str, str] = {}
    notice = ""
    try:
        draft = UserCreate.model_validate({name: value for name, value in typed.items() if value})
        notice, typed = (await admins.create(db, settings, me, draft)).username, {}
    except (ValidationError, AppError) as error:
        problems = _problems(request, error)
    async with db.reading() as session:
        status = 422 if problems else 201
        return await _list(request, me, session, UserFilters(), typed, problems, notice, status)


@router.get("/{user_id}")
async def user_page(request: Request, user_id: UserId, me: AdminAtDesk, session: ReadTx, done: str = "") -> Response:
    """One person."""
    return await _person(request, session, me, user_id, done=done)


@router.post("/{user_id}")
async def change_user(request: Request, user_id: UserId, me: AdminAtDesk, db: Db, settings: InUse) -> Response:
    """Save the profile, or show it again with what is wrong (422)."""
    typed = await _typed(request, OWN_FIELDS)
    fields = {name: value or (None if name in ("email", "phone") else "") for name, value in typed.items()}
    if not fields["username"]:
        del fields["username"]
    try:
        await admins.change(db, settings, me, user_id, UserChange.model_validate(fields))
    except (ValidationError, AppError) as error:
        if isinstance(error, AppError) and error.status == 404:
            raise
        async with db.reading() as session:
            problems = _problems(request, error)
            return await _person(request, session, me, user_id, typed=typed, problems=problems, status=422)
    return _back(user_id, "saved")


@router.post("/{user_id}/suspend")
async def suspend_user(user_id: UserId, me: AdminAtDesk, session: Tx, reason: Reason = "") -> Response:
    """Shut somebody out; the owner of a shop with the whole shop."""
    await admins.suspend(session, me, user_id, reason.strip())
    return _back(user_id, "suspended")


@router.post("/{user_id}/restore")
async def restore_user(user_id: UserId, me: AdminAtDesk, session: Tx) -> Response:
    """Let somebody in again."""
    await admins.restore(session, me, user_id)
    return _back(user_id, "restored")


@router.post("/{user_id}/password")
async def reset_password(request: Request, user_id: UserId, me: AdminAtDesk, db: Db, settings: InUse) -> Response:
    """Make a new password and show it this once."""
    password = await admins.reset_password(db, settings, me, user_id)
    async with db.reading() as session:
        return await _person(request, session, me, user_id, password=password)


@router.post("/{user_id}/sessions")
async def end_sessions(
    user_id: UserId, me: AdminAtDesk, session: Tx, session_id: Annotated[int | None, Form(ge=0, le=MAX_BIGINT)] = None
) -> Response:
    """Sign somebody out of one device, or of all."""
    await admins.end_session(session, me, user_id, session_id)
    return _back(user_id, "signed-out")


async def _list(
    request: Request,
    me: Identity,
    session: AsyncSession,
    wanted: UserFilters,
    typed: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Response:
    role = Role(wanted.role) if wanted.role in set(Role) else None
    page = Page(page=wanted.page, page_size=PAGE_SIZE)
    settings = settings_of(request)
    count, found = await users.listing(session, settings, page, role, wanted.q, STATES.get(wanted.state))
    frame = await viewer(request, session, me)
    shown: dict[str, Any] = {"users": found, "count": count, "paging": page, "wanted": wanted, "notice": notice}
    shown |= {"typed": typed or {}, "problems": problems or {}, "roles": [str(one) for one in Role]}
    return render(request, "admin/users.html", status, me=frame, place="users", **shown)


async def _person(
    request: Request,
    session: AsyncSession,
    me: Identity,
    user_id: str,
    *,
    typed: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    password: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    shown = await people.dossier(session, settings_of(request), user_id)
    values = typed or {name: getattr(shown.user, name) or "" for name in OWN_FIELDS}
    more: dict[str, Any] = {"typed": values, "problems": problems or {}, "password": password, "done": done}
    more["device_of"] = device_of
    frame = await viewer(request, session, me)
    return render(request, "admin/user.html", status, me=frame, place="users", one=shown, **more)


async def _typed(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    async with forms.opened(request) as form:
        return {name: str(form.get(name, "")).strip() for name in names}


def _problems(request: Request, error: ValidationError | AppError) -> dict[str, str]:
    """What is wrong, by field. No message of pydantic leaves: it may repeat a password."""
    if isinstance(error, AppError):
        said = i18n.translate(error.text, i18n.locale_of(request), **error.params)
        return {error.code.removesuffix("_taken"): said}
    return {str(problem["loc"][0]) if problem["loc"] else "": problem["msg"] for problem in error.errors()}


def _back(user_id: str, done: str) -> Response:
    return RedirectResponse(f"/admin/users/{user_id}?done={done}", 303)
