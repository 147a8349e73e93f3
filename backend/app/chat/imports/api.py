"""The JSON door of imports: upload and look, confirm, throw away; tables to fill in. Merchant's side only."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from app.chat.imports import previews, tables, templates
from app.chat.imports.kinds import KINDS, ImportWord
from app.chat.imports.previews import ImportPreview
from app.jobs import shapes
from app.jobs.models import JobPublic
from app.kernel import forms
from app.kernel.config import InUse, Settings
from app.kernel.db import Database, Db, ReadTx
from app.kernel.errors import AppError, Invalid
from app.kernel.i18n import locale_of, sentence, translate
from app.kernel.identity import Identity, Merchant
from app.kernel.limits import limits_of
from app.kernel.models import MAX_BIGINT
from app.kernel.refusals import refusals

ENVELOPE_BYTES = 16_384  # boundaries and part headers around the file
MAX_BODY_BYTES = tables.MAX_BYTES + ENVELOPE_BYTES
TEMPLATE = sentence("template")
PER_USER = "30/hour"  # reading one takes seconds of a thread
LOOKS = "60/hour"  # so does looking again, and confirming, which looks
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
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

router = APIRouter(prefix="/imports", tags=["imports"])
Ending = Literal["csv", "xlsx"]
FileId = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The upload's id.")]


def uploads(prefix: str) -> list[str]:
    """The addresses that take a whole table."""
    return [f"{prefix}{router.prefix}/{word}/" for word in ImportWord]


@router.post(
    "/{kind}/",
    status_code=201,
    summary="Upload a table and look at it",
    responses=refusals(400, 401, 403, 413, 415, 429),
    openapi_extra=FORM,
)
async def upload_import(request: Request, kind: ImportWord, me: Merchant, db: Db, settings: InUse) -> ImportPreview:
    """Send a CSV or XLSX file (multipart field `file`) and see what an import would do; nothing is written yet.

    The first row names the columns, in English or Chinese. UTF-8, UTF-16 and GB18030 are recognised, as are `,`, `;`
    and tabs. At most 10 MB and 20 000 rows. The file is kept privately for a day.
    """
    await limits_of(request).hit("imports", me.user_id, PER_USER)
    return await received(request, kind, me, db, settings)


async def received(request: Request, kind: ImportWord, me: Identity, db: Database, settings: Settings) -> ImportPreview:
    """The upload of a request that is known to come from the merchant's side."""
    async with forms.opened(request, max_files=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise Invalid("file_missing", "Please choose a file.")
        if (file.size or 0) > tables.MAX_BYTES:
            megabytes = f"{tables.MAX_BYTES / 1_048_576:g}"
            raise AppError(413, "file_too_large", "This file is larger than {megabytes} MB.", megabytes=megabytes)
        return await previews.receive(db, settings, me, KINDS[kind], file.filename, file.file, locale_of(request))


@router.get(
    "/{kind}/template.{ending}",
    summary="A table to fill in",
    response_class=Response,
    responses=refusals(401, 403) | {200: {"content": {type.partition(";")[0]: {} for type in TYPES.values()}}},
)
async def read_template(request: Request, kind: ImportWord, ending: Ending, _: Merchant) -> Response:
    """CSV or XLSX with the headings in your language and one row as an example."""
    locale = locale_of(request)
    make = templates.as_csv if ending == "csv" else templates.as_xlsx
    name = quote(f"{translate(KINDS[kind].title, locale)} {translate(TEMPLATE, locale)}.{ending}", safe="")
    headers = {"Content-Disposition": f"attachment; filename=\"template.{ending}\"; filename*=UTF-8''{name}"}
    return Response(make(KINDS[kind], locale), media_type=TYPES[ending], headers=headers)


@router.get("/{kind}/{file_id}", summary="Look at an upload again", responses=refusals(400, 401, 403, 404, 410, 429))
async def read_import(
    request: Request, kind: ImportWord, file_id: FileId, me: Merchant, session: ReadTx
) -> ImportPreview:
    """What the import would do now. 404 when it has been imported, thrown away, or is another's."""
    await limits_of(request).hit("import-looks", me.user_id, LOOKS)
    return await previews.look(session, me, KINDS[kind], file_id, locale_of(request))


@router.post("/{kind}/{file_id}/confirm", summary="Import it", responses=refusals(400, 401, 403, 404, 409, 410, 429))
async def confirm_import(request: Request, kind: ImportWord, file_id: FileId, me: Merchant, db: Db) -> JobPublic:
    """Start the import as a task: all rows are written, or none. Confirming again answers with the same task.

    409 while the table has problems.
    """
    await limits_of(request).hit("import-looks", me.user_id, LOOKS)
    job = await previews.confirm(db, me, KINDS[kind], file_id)
    return shapes.public(shapes.columns(job), locale_of(request))


@router.delete("/{kind}/{file_id}", status_code=204, summary="Throw an upload away", responses=refusals(401, 403, 404))
async def discard_import(kind: ImportWord, file_id: FileId, me: Merchant, db: Db, settings: InUse) -> None:
    """Nothing of it was written."""
    await previews.discard(db, settings, me, file_id)
