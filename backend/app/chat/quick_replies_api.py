"""The JSON door of quick replies. Merchant's side only."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.chat import quick_replies
from app.chat.drafts import MAX_BIGINT
from app.chat.models import QuickReplyPublic
from app.chat.quick_replies import QuickReplyChange, QuickReplyCreate
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Merchant
from app.kernel.paging import Listing, Paging
from app.kernel.refusals import refusals

router = APIRouter(prefix="/quick-replies", tags=["quick replies"])
QuickReplyId = Annotated[int, Path(ge=1, le=MAX_BIGINT)]


@router.get("/", summary="List quick replies", responses=refusals(401, 403))
async def list_quick_replies(
    me: Merchant, session: ReadTx, paging: Paging, q: Annotated[str | None, Query(max_length=100)] = None
) -> Listing[QuickReplyPublic]:
    """One's own and the team's, by title; `q` is a part of title or text."""
    return await quick_replies.listing(session, me, paging, q)


@router.post("/", summary="Create a quick reply", status_code=201, responses=refusals(401, 403))
async def create_quick_reply(draft: QuickReplyCreate, me: Merchant, session: Tx) -> QuickReplyPublic:
    """One's own; for the whole team with `is_shared`."""
    return await quick_replies.create(session, me, draft)


@router.get("/{quick_reply_id}", summary="Read a quick reply", responses=refusals(401, 403, 404))
async def read_quick_reply(quick_reply_id: QuickReplyId, me: Merchant, session: ReadTx) -> QuickReplyPublic:
    """One's own or the team's."""
    return await quick_replies.get(session, me, quick_reply_id)


@router.put("/{quick_reply_id}", summary="Change a quick reply", responses=refusals(401, 403, 404))
async def change_quick_reply(
    quick_reply_id: QuickReplyId, draft: QuickReplyChange, me: Merchant, session: Tx
) -> QuickReplyPublic:
    """Only its author; absent fields stay."""
    return await quick_replies.change(session, me, quick_reply_id, draft)


@router.delete("/{quick_reply_id}", summary="Delete a quick reply", status_code=204, responses=refusals(401, 403, 404))
async def remove_quick_reply(quick_reply_id: QuickReplyId, me: Merchant, session: Tx) -> None:
    """Only its author."""
    await quick_replies.remove(session, me, quick_reply_id)
