"""`/tasks/`: a person's background work over HTTP. What a job is, only its kind knows."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field, ValidationError

from app.jobs import kinds, queue, queues, shapes
from app.jobs.models import KEY_LENGTH, Job, JobPublic, JobStatus
from app.jobs.queues import QueueHealth
from app.kernel.clock import now
from app.kernel.db import ReadTx, Tx
from app.kernel.errors import AppError
from app.kernel.i18n import locale_of
from app.kernel.identity import Admin, Identity, Me, Role
from app.kernel.limits import limits_of
from app.kernel.models import MAX_BIGINT
from app.kernel.paging import Listing, Paging
from app.kernel.refusals import refusals

STARTS = "60/hour"  # of one person
MAX_DELAY_SECONDS = 366 * 86_400

router = APIRouter(tags=["tasks"])
JobId = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The task's id.")]


class TaskCreate(BaseModel):
    """What to do. `kind` and what its `payload` holds: see the description of each kind."""

    kind: str = Field(max_length=80, examples=["chat.export"])
    payload: dict[str, Any] = Field(default_factory=dict)
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=KEY_LENGTH - 60)
    """The same key again answers with the first task."""
    run_after: int | None = Field(default=None, ge=0)
    """Seconds since the epoch; at most a year ahead."""


class QueueDecision(BaseModel):
    """What an admin decides about a queue."""

    is_paused: bool = False
    max_running: int | None = Field(default=None, ge=1, le=1000)


@router.post("/tasks/", status_code=201, summary="Start a task", responses=refusals(401, 409, 429))
async def start_task(request: Request, me: Me, session: Tx, draft: TaskCreate) -> JobPublic:
    """Start background work of a kind that your role may start. Answers at once; follow it by its id, over the

    socket (`task` frames) or as a stream of events. Of each kind one of yours runs at a time. 409 when a hundred of
    yours wait, or the key names another task; 422 when the kind is unknown or its payload is wrong.
    """
    kind = next((kind for kind in kinds.startable_by(me.role) if kind.name == draft.kind), None)
    if kind is None:
        known = ", ".join(sorted(kind.name for kind in kinds.startable_by(me.role))) or "-"
        raise AppError(422, "unknown_kind", "You can start no task of this kind. Possible are: {known}.", known=known)
    if draft.run_after is not None and draft.run_after > now() + MAX_DELAY_SECONDS:
        raise AppError(422, "too_far_ahead", "A task can wait for at most a year.")
    try:
        payload = kind.payload.model_validate(draft.payload)
        orjson.dumps(payload.model_dump(mode="json"))
    except orjson.JSONEncodeError:
        raise AppError(422, "bad_payload", "The payload holds characters that are no text.") from None
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"])) or "payload"
        said = error.errors()[0]["msg"]
        raise AppError(422, "bad_payload", "The payload is wrong: {field}: {said}", field=field, said=said) from None
    await limits_of(request).hit("tasks", me.user_id, STARTS)
    key, after = draft.idempotency_key, draft.run_after
    job = await queue.start(session, kind.name, payload, me.user_id, key=key, run_after=after)
    return _shown(request, me, job)


@router.get("/tasks/", summary="Your tasks", responses=refusals(401))
async def read_tasks(
    request: Request,
    me: Me,
    session: ReadTx,
    page: Paging,
    status: Annotated[list[JobStatus] | None, Query(description="One or several.", max_length=10)] = None,
    kind: Annotated[str | None, Query(max_length=80)] = None,
    queue_name: Annotated[str | None, Query(alias="queue", max_length=40)] = None,
    owner: Annotated[str | None, Query(max_length=50, description="With `all`: whose.")] = None,
    everybody: Annotated[bool, Query(alias="all", description="Admins: everybody's and the product's own.")] = False,
) -> Listing[JobPublic]:
    """The newest first. Admins may ask for all of them."""
    count, rows = await queue.listing(
        session, me, page, statuses=status or (), kind=kind, queue=queue_name, owner_id=owner, everybody=everybody
    )
    return Listing(count=count, results=[_shown(request, me, row) for row in rows])


@router.get("/tasks/queues/", summary="How the queues stand", responses=refusals(401, 403))
async def read_queues(_: Admin, session: ReadTx) -> list[QueueHealth]:
    """Admins only: what waits, runs and failed in each queue, and for how long the oldest has been waiting."""
    return await queues.health(session)


@router.put(
    "/tasks/queues/{name}/", status_code=204, summary="Pause or limit a queue", responses=refusals(401, 403, 404)
)
async def decide_queue(
    me: Admin, session: Tx, name: Annotated[str, Path(max_length=40)], decision: QueueDecision
) -> None:
    """Admins only. Workers know within two seconds; what runs already goes on."""
    await queues.decide_as(session, me, name, is_paused=decision.is_paused, max_running=decision.max_running)


@router.get("/tasks/{task_id}", summary="One task", responses=refusals(401, 404))
async def read_task(request: Request, me: Me, session: ReadTx, task_id: JobId) -> JobPublic:
    """Its owner and admins. 404 for another's."""
    return _shown(request, me, await queue.get(session, me, task_id))


@router.post("/tasks/{task_id}/cancel", summary="Cancel a task", responses=refusals(401, 404, 409))
async def cancel_task(request: Request, me: Me, session: Tx, task_id: JobId) -> JobPublic:
    """One that waits ends at once; one that runs is asked to stop, which takes up to two seconds. 409 when over."""
    return _shown(request, me, await queue.cancel(session, me, task_id))


@router.post("/tasks/{task_id}/retry", summary="Run a task again", responses=refusals(401, 404, 409))
async def retry_task(request: Request, me: Me, session: Tx, task_id: JobId) -> JobPublic:
    """One that failed or was cancelled starts anew. 409 for any other, and when its time is over."""
    return _shown(request, me, await queue.retry(session, me, task_id))


def _shown(request: Request, me: Identity, job: Job) -> JobPublic:
    trace = job.trace if me.role is Role.ADMIN else None
    return shapes.public(shapes.columns(job), locale_of(request), trace)
