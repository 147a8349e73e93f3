"""The JSON door of files: one upload."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message

from app.files import uploads
from app.files.storage.local import LocalStorage
from app.files.urls import absolute
from app.kernel import forms
from app.kernel.config import InUse, Settings, settings_of
from app.kernel.db import Db
from app.kernel.errors import AppError, Invalid
from app.kernel.identity import Me
from app.kernel.limits import limits_of
from app.kernel.models import Id
from app.kernel.refusals import refusals

ENVELOPE_BYTES = 16_384  # boundaries and part headers around the file
PER_USER, PER_DAY = "60/minute", "300/day"  # a visitor needs no password, and a disk has an end
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}

router = APIRouter(tags=["files"])


class FilePublic(BaseModel):
    """A stored file; links are absolute."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "812345678901234567",
                    "url": "https://chat.example.com/media/uploads/2026/11/22/kq3N.webp",
                    "name": "rice.jpg",
                    "size": 48213,
                    "content_type": "image/webp",
                    "width": 1200,
                    "height": 900,
                    "thumbnail_url": "https://chat.example.com/media/uploads/2026/11/22/kq3N-small.webp",
                }
            ]
        }
    )

    id: Id
    url: str
    name: str
    size: int
    """Bytes as stored."""
    content_type: str
    width: int | None = None
    height: int | None = None
    thumbnail_url: str | None = None


@router.post(
    "/upload/",
    summary="Upload a file",
    status_code=201,
    response_model_exclude_none=True,
    responses=refusals(400, 401, 413, 415, 429),
    openapi_extra=FORM,
)
async def upload(
    request: Request,
    me: Me,
    db: Db,
    settings: InUse,
) -> FilePublic:
    """Store one file (multipart field `file`) to send it with a message. Any user.

    Taken are JPEG, PNG, GIF and WebP, which are drawn anew as WebP without their metadata; PDF, Word, Excel,
    PowerPoint, and text (`.txt`, `.csv`, `.md`). What a file is, its bytes say. 413 beyond the size limit
    (10 MB unless set otherwise) or 40 million pixels; 415 for every other kind.
    """
    await limits_of(request).hit("upload", me.user_id, PER_USER)
    await limits_of(request).hit("upload-day", me.user_id, PER_DAY)
    async with forms.opened(_limited(request, settings.max_file_size + ENVELOPE_BYTES), max_files=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid("file_missing", "Please choose a file.")
        if (file.size or 0) > settings.max_file_size:
            raise _too_large(settings)
        storage = LocalStorage(settings.media_dir)
        row = await uploads.receive(db, storage, me.user_id, file.filename, file.file)
    public = FilePublic.model_validate(uploads.snapshot(row))
    public.url = absolute(settings, public.url)
    public.thumbnail_url = public.thumbnail_url and absolute(settings, public.thumbnail_url)
    return public


def _limited(request: Request, max_bytes: int) -> Request:
    """The request, whose body ends with a 413 as soon as it is too large, whatever Content-Length says.

    The caller is known before the first byte is read: FastAPI would spool an `UploadFile` for strangers too.
    """
    settings = settings_of(request)
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(settings)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > max_bytes:
            raise _too_large(settings)
        return message

    return Request(request.scope, receive)


def _too_large(settings: Settings) -> AppError:
    megabytes = f"{settings.max_file_size / 1_048_576:g}"
    return AppError(413, "file_too_large", "This file is larger than {megabytes} MB.", megabytes=megabytes)
