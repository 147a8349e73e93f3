"""The JSON door of a person's rights: a copy of one's data, and the end of it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import passwords, users
from app.accounts.models import Credential
from app.accounts.names import USER_ID_PATTERN
from app.audit import entries as audit
from app.audit.models import Action
from app.jobs import queue, shapes
from app.jobs.models import Job, JobPublic
from app.kernel.config import InUse, Settings
from app.kernel.db import Database, Db, ReadTx, Tx
from app.kernel.errors import Conflict, Forbidden
from app.kernel.i18n import locale_of
from app.kernel.identity import Admin, Identity, Me
from app.kernel.limits import limits_of
from app.kernel.refusals import refusals
from app.privacy import deletions
from app.privacy.deletions import DeletionPublic
from app.privacy.tasks import ExportPersonOrder

EXPORTS = "5/hour"  # of one person; each reads everything
GUESSES = "10/minute"

router = APIRouter(prefix="/users", tags=["privacy"])
UserIdPath = Annotated[str, Path(pattern=USER_ID_PATTERN, examples=["b17"])]


class DeletionRequest(BaseModel):
    """That one means it: `confirm` must be true, and the password where there is one."""

    confirm: Literal[True]
    password: str | None = Field(default=None, max_length=passwords.MAX_LENGTH)


@router.post("/me/export", status_code=202, summary="Ask for a copy of the own data", responses=refusals(401, 429))
async def export_me(request: Request, me: Me, session: Tx) -> JobPublic:
    """Start a task that makes a zip of profile, sign-ins, conversations and files. Any user.

    Follow the task by its id; `GET /tasks/{id}/file` then answers with a link that is good for 15 minutes. The file is
    kept for 7 days.
    """
    return await _export(request, me, session, me.user_id)


@router.post("/me/deletion", status_code=202, summary="Delete the own account", responses=refusals(401, 403, 409, 429))
async def delete_me(body: DeletionRequest, request: Request, me: Me, db: Db, settings: InUse) -> DeletionPublic:
    """Have the own account deleted in 7 days, and be signed out everywhere at once. Any user.

    Until then it can be taken back after signing in again. 403 `wrong_password`; 409 with what has to be done first
    (`shop_has_staff_left`, `shop_has_open_conversations`, `last_admin`).
    """
    await check_password(request, db, settings, me, body.password)
    return deletions.public(await db.write(lambda session: deletions.ask(session, me.user_id, me.user_id)))


@router.get("/me/deletion", summary="Read the own deletion", responses=refusals(401, 404))
async def read_my_deletion(me: Me, session: ReadTx) -> DeletionPublic:
    """When the own account will be deleted; 404 when it will not. Any user."""
    return await _standing(session, me.user_id)


@router.delete("/me/deletion", status_code=204, summary="Keep the own account", responses=refusals(401, 404, 409))
async def keep_me(me: Me, session: Tx) -> None:
    """Take the deletion back. 404 when none waits, 409 `deletion_has_begun`. Any user."""
    await deletions.take_back(session, me.user_id)


@router.post(
    "/{user_id}/export", status_code=202, summary="Ask for a copy of a person's data",
    responses=refusals(401, 403, 404, 429),
)  # fmt: skip
async def export_user(request: Request, user_id: UserIdPath, me: Admin, session: Tx) -> JobPublic:
    """The same for somebody who asked by other ways. The file is the admin's to hand over. Admins only."""
    await users.get(session, user_id)
    await audit.done(session, me, Action.USER_EXPORTED, ("user", user_id))
    return await _export(request, me, session, user_id)


@router.post("/{user_id}/deletion", status_code=202, summary="Delete a person", responses=refusals(401, 403, 404, 409))
async def delete_user(user_id: UserIdPath, me: Admin, session: Tx) -> DeletionPublic:
    """Have a person deleted in 7 days, signed out everywhere at once. Admins only; `DELETE /users/{id}` is for those

    who left no trace. 409 with what has to be done first, and `not_yourself`: the own account is deleted with its
    password.
    """
    if user_id == me.user_id:
        raise Conflict("not_yourself", "You cannot block or delete your own account.")
    asked = await deletions.ask(session, user_id, me.user_id)
    await audit.done(session, me, Action.USER_DELETION_ASKED, ("user", user_id))
    return deletions.public(asked)


@router.get("/{user_id}/deletion", summary="Read a person's deletion", responses=refusals(401, 403, 404))
async def read_deletion(user_id: UserIdPath, _: Admin, session: ReadTx) -> DeletionPublic:
    """When a person will be deleted; 404 when that is not so. Admins only."""
    return await _standing(session, user_id)


@router.delete("/{user_id}/deletion", status_code=204, summary="Keep a person", responses=refusals(401, 403, 404, 409))
async def keep_user(user_id: UserIdPath, me: Admin, session: Tx) -> None:
    """Take a person's deletion back. 404 when none waits, 409 `deletion_has_begun`. Admins only."""
    await deletions.take_back(session, user_id)
    await audit.done(session, me, Action.USER_DELETION_TAKEN_BACK, ("user", user_id))


async def check_password(request: Request, db: Database, settings: Settings, me: Identity, typed: str | None) -> None:
    """403 unless `typed` is the caller's password; whoever has none (a device) has confirmed by asking."""
    async with db.reading() as session:
        credential = await session.get(Credential, me.user_id)
    if credential is None:
        return
    await limits_of(request).hit("deletion-password", me.user_id, GUESSES)
    if not await passwords.is_right(settings, credential.password_hash, typed or ""):
        raise Forbidden("wrong_password", "This is not your password.")


async def start_export(request: Request, me: Identity, session: AsyncSession, user_id: str) -> Job:
    """Enqueue a copy of `user_id`'s data for the caller."""
    await limits_of(request).hit("person-export", me.user_id, EXPORTS)
    order = ExportPersonOrder(user_id=user_id, locale=locale_of(request))
    # One at a time for a person: each reads everything.
    return await queue.enqueue(
        session, "accounts.export_person", order, owner_id=me.user_id, concurrency_key=f"export-{user_id}"
    )


async def _export(request: Request, me: Identity, session: AsyncSession, user_id: str) -> JobPublic:
    return shapes.public(shapes.columns(await start_export(request, me, session, user_id)), locale_of(request))


async def _standing(session: AsyncSession, user_id: str) -> DeletionPublic:
    row = await deletions.standing(session, user_id)
    if row is None:
        raise deletions.no_deletion()
    return deletions.public(row)
