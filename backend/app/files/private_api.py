"""The doors to private files: a link that ends, and what it leads to."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import FileResponse, Response

from app.audit import entries as audit
from app.audit.models import Action
from app.files import download_links, private_files
from app.files.models import PrivateFile
from app.jobs import queue
from app.kernel.clock import now
from app.kernel.config import settings_of
from app.kernel.db import ReadTx
from app.kernel.errors import AppError, Forbidden, NotFound
from app.kernel.identity import MaybeMe, Me
from app.kernel.models import MAX_BIGINT, Id, PathId
from app.kernel.refusals import refusals

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}

router = APIRouter(tags=["tasks"])
root = APIRouter()
TaskId = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The task's id.")]
FileId = PathId


class ResultPublic(BaseModel):
    """The file that a task made. `url` is good for 15 minutes and for you only; ask again for a fresh one."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    name: str
    content_type: str
    size: int
    sha256: str
    created_at: int
    expires_at: int
    """When the file itself goes."""
    url: str = ""
    url_expires_at: int = 0


@router.get("/tasks/{task_id}/file", summary="The file of a task", responses=refusals(401, 404, 410))
async def read_task_file(request: Request, me: Me, session: ReadTx, task_id: TaskId) -> ResultPublic:
    """What a task of yours made, with a link to it that ends after 15 minutes. Open the link signed in as yourself.

    404 for another's task and for one without a file (an admin, too, downloads only own files), 410 when the file has
    been removed after its 7 days.
    """
    job = await queue.get(session, me, task_id)
    row = await private_files.of_job(session, me.user_id, task_id)
    if row is None and job.owner_id == me.user_id and "file_id" in (job.result or {}):
        raise _gone()
    if row is None:
        raise NotFound("file_not_found", "This task has no file for you.")
    settings = settings_of(request)
    if not _is_there(row):
        raise _gone()
    url, url_expires_at = download_links.link(settings, me.user_id, row.id)
    return ResultPublic.model_validate(row).model_copy(update={"url": url, "url_expires_at": url_expires_at})


@root.api_route("/downloads/{file_id}", methods=["GET", "HEAD"], summary="Download a private file")
async def download(
    request: Request,
    me: MaybeMe,
    session: ReadTx,
    file_id: FileId,
    expires: Annotated[int, Query(ge=0, le=MAX_BIGINT)] = 0,
    signature: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The file, whole or in ranges, for its owner with a fresh link. 403 for strangers and for links of others, 410

    when link or file has ended, 404 for a file that does not exist.
    """
    if me is None:
        raise Forbidden(
            "sign_in_to_download", "Sign in as the person who asked for this file, then open the link again."
        )
    settings = settings_of(request)
    row = await session.get(PrivateFile, file_id)
    if row is None or row.owner_id != me.user_id:
        raise NotFound("file_not_found", "There is no such file of yours.")
    download_links.check(settings, me.user_id, file_id, expires, signature)
    location = private_files.location(settings, row)
    if not _is_there(row) or not location.is_file():
        raise _gone()
    if request.method == "GET":
        await audit.looked(
            session, me, Action.FILE_DOWNLOADED, ("file", row.id), name=row.name, task=str(row.job_id or "")
        )
    headers = HEADERS | {"Content-Disposition": _disposition(row.name)}
    return FileResponse(location, media_type=row.content_type, headers=headers)


def _is_there(row: PrivateFile) -> bool:
    return row.expires_at > now()


def _gone() -> AppError:
    return AppError(410, "file_expired", "This file was kept for 7 days and is gone. Make it again.")


def _disposition(name: str) -> str:
    """RFC 6266: the name in ASCII for old programs, and as it is (RFC 5987)."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
