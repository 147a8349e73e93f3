"""The JSON door of quick replies. Merchant's side only."""

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.chat import quick_replies
from app.chat.exports.as_csv import cell
from app.chat.imports import columns
from app.chat.models import QuickReplyPublic
from app.chat.quick_replies import Order, QuickReplyChange, QuickReplyCreate, QuickReplyFolder, QuickReplyUse
from app.kernel.db import ReadTx, Tx
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Merchant
from app.kernel.models import PathId
from app.kernel.paging import MAX_PAGE_SIZE, Listing, Page, Paging
from app.kernel.refusals import refusals

router = APIRouter(prefix="/quick-replies", tags=["quick replies"])
QuickReplyId = PathId
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "A table that can be imported again."}
}


@router.get("/", summary="List quick replies", responses=refusals(401, 403))
async def list_quick_replies(
    me: Merchant,
    session: ReadTx,
    paging: Paging,
    q: Annotated[str | None, Query(max_length=100)] = None,
    folder: Annotated[str | None, Query(max_length=60, description="Empty: those in no folder.")] = None,
    sort: Order = Order.TITLE,
) -> Listing[QuickReplyPublic]:
    """One's own and the team's, by title, by use or the newest first; each word of `q` is in title, text or folder."""
    return await quick_replies.listing(session, me, paging, q, folder, sort)


@router.get("/folders", summary="List folders of quick replies", responses=refusals(401, 403))
async def list_folders(me: Merchant, session: ReadTx) -> list[QuickReplyFolder]:
    """Every folder with how many replies it has for the caller; the empty name are those in none."""
    return await quick_replies.folders(session, me)


@router.get("/export", summary="Export quick replies", responses=refusals(401, 403) | CSV)
async def export_quick_replies(request: Request, me: Merchant, session: ReadTx) -> Response:
    """One's own and the team's as CSV, with the headings that the import knows."""
    locale = locale_of(request)
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(translate(columns.NAMES[name], locale) for name in columns.QUICK_REPLY)
    yes, no = translate("yes", locale), translate("no", locale)
    page, count = 1, 1
    while (page - 1) * MAX_PAGE_SIZE < count:
        some = await quick_replies.listing(session, me, Page(page=page, page_size=MAX_PAGE_SIZE))
        page, count = page + 1, some.count
        for reply in some.results:
            shown = {"is_shared": yes if reply.is_shared else no}
            rows.writerow(shown.get(name) or cell(getattr(reply, name)) for name in columns.QUICK_REPLY)
    headers = {"Content-Disposition": 'attachment; filename="quick-replies.csv"', "Cache-Control": "no-store"}
    # The mark, else Excel in China reads GBK.
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/", summary="Create a quick reply", status_code=201, responses=refusals(401, 403, 404))
async def create_quick_reply(draft: QuickReplyCreate, me: Merchant, session: Tx) -> QuickReplyPublic:
    """One's own; for the whole team with `is_shared`. 404 `attachment_not_found` for another's file."""
    return await quick_replies.create(session, me, draft)


@router.get("/{quick_reply_id}", summary="Read a quick reply", responses=refusals(401, 403, 404))
async def read_quick_reply(quick_reply_id: QuickReplyId, me: Merchant, session: ReadTx) -> QuickReplyPublic:
    """One's own or the team's."""
    return await quick_replies.get(session, me, quick_reply_id)


@router.put("/{quick_reply_id}", summary="Change a quick reply", responses=refusals(401, 403, 404))
async def change_quick_reply(
    quick_reply_id: QuickReplyId, draft: QuickReplyChange, me: Merchant, session: Tx
) -> QuickReplyPublic:
    """Its author, and for the team's the owner of the shop; absent fields stay."""
    return await quick_replies.change(session, me, quick_reply_id, draft)


@router.post("/{quick_reply_id}/used", summary="Count a use", responses=refusals(401, 403, 404))
async def use_quick_reply(quick_reply_id: QuickReplyId, me: Merchant, session: Tx) -> QuickReplyUse:
    """Say that it was put into an answer. One's own or the team's."""
    return await quick_replies.used(session, me, quick_reply_id)


@router.post(
    "/{quick_reply_id}/copy", summary="Duplicate a quick reply", status_code=201, responses=refusals(401, 403, 404)
)
async def copy_quick_reply(quick_reply_id: QuickReplyId, me: Merchant, session: Tx) -> QuickReplyPublic:
    """The same once more, as one's own and not shared. Of one's own or the team's."""
    return await quick_replies.duplicate(session, me, quick_reply_id)


@router.delete("/{quick_reply_id}", summary="Delete a quick reply", status_code=204, responses=refusals(401, 403, 404))
async def remove_quick_reply(quick_reply_id: QuickReplyId, me: Merchant, session: Tx) -> None:
    """Its author, and for the team's the owner of the shop."""
    await quick_replies.remove(session, me, quick_reply_id)
