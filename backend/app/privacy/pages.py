"""The page "Your data": a copy, and the deletion of one's own account."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import authentication, users
from app.accounts.models import Credential
from app.accounts.viewers import PersonAtDesk, viewer
from app.kernel.config import settings_of
from app.kernel.db import Database, ReadTx, Tx, database_of
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity
from app.privacy import api, deletions

router = APIRouter(prefix="/settings/your-data")
Text = Annotated[str, Form(max_length=1000)]


@router.get("")
async def your_data(request: Request, me: PersonAtDesk, session: ReadTx) -> Response:
    """What one can have, and what has to be done before one can go."""
    return await _page(request, session, me)


@router.post("/export")
async def export(request: Request, me: PersonAtDesk, session: Tx) -> Response:
    """Start the copy, and lead to the tasks, where it is to be had."""
    await api.start_export(request, me, session, me.user_id)
    return RedirectResponse("/tasks", 303)


@router.post("/deletion")
async def delete(
    request: Request, me: PersonAtDesk, password: Text = "", confirm: Annotated[bool, Form()] = False
) -> Response:
    """Sign out, and go in seven days. 422 shows the form again with what is wrong."""
    db: Database = database_of(request)
    settings = settings_of(request)
    try:
        if not confirm:
            raise AppError(422, "not_confirmed", "Please confirm that you want this.")
        await api.check_password(request, db, settings, me, password)
        row = await db.write(lambda session: deletions.ask(session, me.user_id, me.user_id))
    except AppError as error:
        async with db.reading() as session:
            return await _page(request, session, me, error)
    answer = render(request, "settings/going.html", due_at=row.due_at)
    authentication.clear_cookie(answer, settings)
    return answer


@router.post("/keep")
async def keep(me: PersonAtDesk, session: Tx) -> Response:
    """Take the deletion back."""
    await deletions.take_back(session, me.user_id)
    return RedirectResponse("/settings/your-data", 303)


async def _page(request: Request, session: AsyncSession, me: Identity, problem: AppError | None = None) -> Response:
    locale, obstacle = locale_of(request), ""
    waiting = await deletions.standing(session, me.user_id)
    try:
        await deletions.check_possible(session, await users.get(session, me.user_id))
    except AppError as error:
        obstacle = translate(error.text, locale, **error.params)
    return render(
        request,
        "settings/your_data.html",
        200 if problem is None else 429 if problem.status == 429 else 422,
        me=await viewer(request, session, me),
        place="settings",
        section="your-data",
        waiting=waiting,
        obstacle=obstacle,
        has_password=await session.get(Credential, me.user_id) is not None,
        problem=translate(problem.text, locale, **problem.params) if problem else "",
        problem_code=problem.code if problem else "",
    )
