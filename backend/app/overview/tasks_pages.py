"""A person's background work as pages, and everybody's for admins. Forms are answered with the part that changed."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.viewers import AdminAtDesk, PersonAtDesk, viewer
from app.files import private_api
from app.jobs import kinds, queue, queues
from app.jobs.api import JobId, QueueDecision
from app.jobs.models import Job, JobStatus
from app.kernel.db import ReadTx, Tx
from app.kernel.errors import Conflict, NotFound
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity
from app.kernel.models import MAX_BIGINT
from app.kernel.paging import Page
from app.overview.task_rows import TaskFilters, TaskRow

PAGE_SIZE = 20

router = APIRouter()
PageNumber = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]


@router.get("/tasks")
async def tasks_page(request: Request, me: PersonAtDesk, session: ReadTx, number: PageNumber = 1) -> Response:
    """One's own, the newest first; an htmx request gets the rows only."""
    page = Page(page=number, page_size=PAGE_SIZE)
    count, rows = await queue.listing(session, me, page)
    shown: dict[str, Any] = {
        "tasks": _rows(request, me, rows),
        "count": count,
        "paging": page,
        "base": "/tasks",
        "query": "",
    }
    if _is_partial(request):
        return render(request, "tasks/_list.html", **shown)
    return render(request, "tasks/tasks.html", me=await viewer(request, session, me), place="tasks", **shown)


@router.get("/tasks/{task_id}")
async def task_row(request: Request, me: PersonAtDesk, session: ReadTx, task_id: JobId) -> Response:
    """One task of one's own: its row, or a page with nothing else."""
    row = await _own(session, me, task_id)
    if _is_partial(request):
        return _row(request, me, row, "/tasks")
    page, frame = Page(page_size=PAGE_SIZE), await viewer(request, session, me)
    shown: dict[str, Any] = {
        "tasks": _rows(request, me, [row]),
        "count": 1,
        "paging": page,
        "base": "/tasks",
        "query": "",
    }
    return render(request, "tasks/tasks.html", me=frame, place="tasks", only=True, **shown)


@router.get("/tasks/{task_id}/file")
async def task_file(request: Request, me: PersonAtDesk, session: ReadTx, task_id: JobId) -> Response:
    """On to a fresh link to what the task has made."""
    file = await private_api.read_task_file(request, me, session, task_id)
    return RedirectResponse(file.url, 303)


@router.post("/tasks/{task_id}/cancel")
async def cancel_task(request: Request, me: PersonAtDesk, session: Tx, task_id: JobId) -> Response:
    """Stop one's own. One that has ended meanwhile is shown as it is, as 409."""
    await _own(session, me, task_id)
    return await _changed(request, me, session, task_id, queue.cancel, "/tasks")


@router.post("/tasks/{task_id}/retry")
async def retry_task(request: Request, me: PersonAtDesk, session: Tx, task_id: JobId) -> Response:
    """Run one's own again."""
    await _own(session, me, task_id)
    return await _changed(request, me, session, task_id, queue.retry, "/tasks")


@router.get("/admin/tasks")
async def all_tasks_page(
    request: Request, me: AdminAtDesk, session: ReadTx, wanted: Annotated[TaskFilters, Query()]
) -> Response:
    """Everybody's and the product's own, and how the queues stand."""
    page = Page(page=wanted.page, page_size=PAGE_SIZE)
    count, rows = await _found(session, me, page, wanted)
    asked = wanted.model_dump(exclude={"page"}, mode="json")
    shown: dict[str, Any] = {
        "tasks": _rows(request, me, rows),
        "count": count,
        "paging": page,
        "base": "/admin/tasks",
        "wanted": asked,
        "query": urlencode({name: value for name, value in asked.items() if value}),
    }
    if _is_partial(request):
        return render(request, "tasks/_list.html", **shown)
    return render(
        request,
        "admin/tasks.html",
        me=await viewer(request, session, me),
        place="all-tasks",
        kinds=sorted((kind.name, translate(kind.title, locale_of(request))) for kind in kinds.every()),
        queues=await queues.health(session),
        **shown,
    )


@router.get("/admin/tasks/queues")
async def queue_rows(request: Request, _: AdminAtDesk, session: ReadTx) -> Response:
    """How the queues stand now."""
    return render(request, "admin/_queues.html", queues=await queues.health(session))


@router.post("/admin/tasks/queues/{name}")
async def decide_queue(
    request: Request,
    me: AdminAtDesk,
    session: Tx,
    name: Annotated[str, Path(max_length=40)],
    max_running: Annotated[str, Form(max_length=20)] = "",
    is_paused: Annotated[bool, Form()] = False,
) -> Response:
    """Pause a queue, or limit what runs of it at once. 422 shows what is wrong."""
    problem = ""
    try:
        decision = QueueDecision.model_validate({"is_paused": is_paused, "max_running": max_running.strip() or None})
        limit = decision.max_running
        await queues.decide_as(session, me, name, is_paused=decision.is_paused, max_running=limit)
    except ValidationError:
        problem = name
    if not _is_partial(request) and not problem:
        return RedirectResponse("/admin/tasks", 303)
    found = await queues.health(session)
    return render(request, "admin/_queues.html", 422 if problem else 200, queues=found, problem=problem)


@router.get("/admin/tasks/{task_id}")
async def any_task(request: Request, me: AdminAtDesk, session: ReadTx, task_id: JobId) -> Response:
    """One task of anybody: its row, or the list with nothing else."""
    if not _is_partial(request):
        return RedirectResponse(f"/admin/tasks?id={task_id}", 303)
    return _row(request, me, await queue.get(session, me, task_id), "/admin/tasks")


@router.post("/admin/tasks/{task_id}/cancel")
async def cancel_any_task(request: Request, me: AdminAtDesk, session: Tx, task_id: JobId) -> Response:
    """Stop anybody's."""
    return await _changed(request, me, session, task_id, queue.cancel, "/admin/tasks")


@router.post("/admin/tasks/{task_id}/retry")
async def retry_any_task(request: Request, me: AdminAtDesk, session: Tx, task_id: JobId) -> Response:
    """Run anybody's again."""
    return await _changed(request, me, session, task_id, queue.retry, "/admin/tasks")


async def _changed(
    request: Request, me: Identity, session: AsyncSession, task_id: int, verb: Any, base: str
) -> Response:
    try:
        row = await verb(session, me, task_id)
    except Conflict as error:
        if not _is_partial(request):
            raise
        row = await queue.get(session, me, task_id)
        return _row(request, me, row, base, 409, translate(error.text, locale_of(request)))
    return _row(request, me, row, base) if _is_partial(request) else RedirectResponse(base, 303)


async def _own(session: AsyncSession, me: Identity, task_id: int) -> Job:
    """Here an admin, too, has only own tasks."""
    row = await queue.get(session, me, task_id)
    if row.owner_id != me.user_id:
        raise NotFound("job_not_found", "There is no such task.")
    return row


async def _found(session: AsyncSession, me: Identity, page: Page, wanted: TaskFilters) -> tuple[int, list[Job]]:
    if not wanted.id:
        return await queue.listing(
            session,
            me,
            page,
            statuses=[JobStatus(wanted.status)] if wanted.status else (),
            kind=wanted.kind or None,
            queue=wanted.queue or None,
            owner_id=wanted.owner or None,
            has_owner=wanted.by == "people" if wanted.by else None,
            everybody=True,
        )
    try:
        return 1, [await queue.get(session, me, min(int(wanted.id), MAX_BIGINT))]
    except (NotFound, ValueError):
        return 0, []


def _rows(request: Request, me: Identity, rows: list[Job]) -> list[TaskRow]:
    return [TaskRow.of(row, me, locale_of(request)) for row in rows]


def _row(request: Request, me: Identity, row: Job, base: str, status: int = 200, problem: str = "") -> Response:
    task = TaskRow.of(row, me, locale_of(request))
    return render(request, "tasks/_task.html", status, task=task, base=base, problem=problem)


def _is_partial(request: Request) -> bool:
    return "hx-request" in request.headers
