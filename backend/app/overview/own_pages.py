"""A person's own settings: profile, password and devices, notifications. Every form works without scripts."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import UploadFile

from app.accounts import own_password, preferences, sessions, users
from app.accounts.models import DEFAULT_AVATAR
from app.accounts.own_password import PasswordChange
from app.accounts.preferences import PreferencesChange
from app.accounts.shapes import ProfileChange
from app.accounts.viewers import PersonAtDesk, viewer
from app.chat.visits import device_of
from app.files import avatars, uploads, urls
from app.files.api import PER_DAY, PER_USER
from app.files.storage.local import LocalStorage
from app.kernel import forms
from app.kernel.config import InUse, Settings
from app.kernel.db import Database, Db, ReadTx, Tx
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity, Role
from app.kernel.limits import limits_of
from app.kernel.models import MAX_BIGINT

PROFILE = "/settings/profile"
ENVELOPE_BYTES = 65_536  # the other fields of the form with the picture
FIELDS = ("display_name", "email", "phone", "locale")

router = APIRouter(prefix="/settings")
Word = Annotated[str, Form(max_length=200)]


@router.get("")
async def settings_home(me: PersonAtDesk) -> Response:
    """On to the first page that is the reader's."""
    return RedirectResponse("/settings/shop" if me.role is Role.MERCHANT else PROFILE, 303)


@router.get("/profile")
async def profile_page(request: Request, me: PersonAtDesk, session: ReadTx, saved: bool = False) -> Response:
    """Name, picture, e-mail, phone, language."""
    return await _profile(request, session, me, is_saved=saved)


@router.post("/profile")
async def change_profile(request: Request, me: PersonAtDesk, db: Db, settings: InUse) -> Response:
    """Save the form, or show it again with what is wrong (422)."""
    async with forms.opened(request, max_files=1) as form:
        typed = {name: str(form.get(name, "")).strip() for name in FIELDS}
        picture = form.get("picture")
        removes = form.get("avatar") == "none"
        try:
            fields: dict[str, Any] = {**typed, "email": typed["email"] or None, "phone": typed["phone"] or None}
            if removes:
                fields["avatar"] = avatars.default_of(me.user_id)
            elif isinstance(picture, UploadFile) and picture.filename:
                fields["avatar"] = await _kept(request, db, settings, me, picture)
            wanted = ProfileChange.model_validate(fields)
            await db.write(lambda session: users.change(session, settings, me.user_id, wanted))
        except ValidationError as error:
            problems = {str(problem["loc"][0]): "" for problem in error.errors()}
        except AppError as error:
            said = translate(error.text, locale_of(request), **error.params)
            problems = {_field_of(error): said}
        else:
            return RedirectResponse(f"{PROFILE}?saved=true", 303)
    async with db.reading() as session:
        return await _profile(request, session, me, typed, problems, 422)


@router.get("/security")
async def security_page(request: Request, me: PersonAtDesk, session: ReadTx, done: str = "") -> Response:
    """The password, and where one is signed in."""
    return await _security(request, session, me, done=done)


@router.post("/security/password")
async def change_password(
    request: Request, me: PersonAtDesk, db: Db, settings: InUse, current: Word = "", new: Word = "", again: Word = ""
) -> Response:
    """Set a new password: other devices are signed out, this one stays."""
    try:
        await limits_of(request).hit("own-password", me.user_id, own_password.GUESSES)
        wanted = PasswordChange(current=current, new=new)
        if new != again:
            raise AppError(422, "passwords_differ", "The two new passwords differ.")
        await own_password.change(db, settings, me, wanted)
    except ValidationError:
        problems = {"new": ""}
    except AppError as error:
        field = {"passwords_differ": "again"}.get(error.code, "current")
        problems = {field: translate(error.text, locale_of(request), **error.params)}
    else:
        return RedirectResponse("/settings/security?done=password", 303)
    async with db.reading() as session:
        return await _security(request, session, me, problems, 422)


@router.post("/security/sessions")
async def end_session(
    me: PersonAtDesk, session: Tx, session_id: Annotated[int | None, Form(ge=0, le=MAX_BIGINT)] = None
) -> Response:
    """Sign out one other device, or with none named all but this one."""
    if session_id is None:
        await sessions.end_others(session, me.user_id, me.session_id)
    else:
        await sessions.end_own(session, me.user_id, session_id)
    return RedirectResponse("/settings/security?done=signed-out", 303)


@router.get("/notifications")
async def notifications_page(request: Request, me: PersonAtDesk, session: ReadTx, saved: bool = False) -> Response:
    """How one is told of messages, and which key sends."""
    chosen = await preferences.of(session, me.user_id)
    shown: dict[str, Any] = {"chosen": chosen, "is_saved": saved, "section": "notifications"}
    frame = await viewer(request, session, me)
    return render(request, "settings/notifications.html", me=frame, place="settings", **shown)


@router.post("/notifications")
async def change_notifications(
    me: PersonAtDesk, session: Tx, send_key: Word, notify: Word, notify_when: Word, sounds: Word = ""
) -> Response:
    """Keep what was chosen, for every device."""
    fields = {"send_key": send_key, "notify": notify, "notify_when": notify_when, "sounds": bool(sounds)}
    try:
        wanted = PreferencesChange.model_validate(fields)
    except ValidationError:
        raise AppError(422, "unknown_choice", "This choice does not exist.") from None
    await preferences.change(session, me, wanted)
    return RedirectResponse("/settings/notifications?saved=true", 303)


async def _kept(request: Request, db: Database, settings: Settings, me: Identity, picture: UploadFile) -> str:
    """The relative link of a picture that was sent with the form; 415 for what is no picture."""
    if (picture.size or 0) > settings.max_file_size:
        raise AppError(413, "too_large", "This file is too large.")
    for rate in (PER_USER, PER_DAY):
        await limits_of(request).hit("upload", me.user_id, rate)
    row = await uploads.receive(db, LocalStorage(settings.media_dir), me.user_id, picture.filename, picture.file)
    if row.width is None:
        raise AppError(415, "no_picture", "This is not a picture that we can show.")
    return urls.of_path(row.thumbnail_path or row.path)


async def _profile(
    request: Request,
    session: AsyncSession,
    me: Identity,
    typed: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    status: int = 200,
    *,
    is_saved: bool = False,
) -> Response:
    frame = await viewer(request, session, me)
    has_picture = not any(mark in frame.avatar for mark in ("/avatars/default", DEFAULT_AVATAR))
    shown: dict[str, Any] = {"section": "profile", "problems": problems or {}, "is_saved": is_saved}
    shown |= {"typed": typed or {name: getattr(frame, name) or "" for name in FIELDS}, "has_picture": has_picture}
    return render(request, "settings/profile.html", status, me=frame, place="settings", **shown)


async def _security(
    request: Request,
    session: AsyncSession,
    me: Identity,
    problems: dict[str, str] | None = None,
    status: int = 200,
    *,
    done: str = "",
) -> Response:
    rows = await sessions.listing(session, me.user_id)
    shown: dict[str, Any] = {"section": "security", "problems": problems or {}, "done": done, "device_of": device_of}
    shown |= {"rows": rows, "current": me.session_id}
    frame = await viewer(request, session, me)
    return render(request, "settings/security.html", status, me=frame, place="settings", **shown)


def _field_of(error: AppError) -> str:
    return {"email_taken": "email", "phone_taken": "phone"}.get(error.code, "picture")
