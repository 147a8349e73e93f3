"""The JSON door of what the inbox does beside reading: many at once, marks that move back, saved views."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.chat import bulk, read_marks, views
from app.chat.bulk import BulkRequest, BulkResult
from app.chat.models import ConversationPublic
from app.chat.views import ViewChange, ViewCreate
from app.chat.views_models import ViewPublic
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Insider, Merchant
from app.kernel.models import MAX_BIGINT
from app.kernel.paging import Listing
from app.kernel.refusals import refusals

router = APIRouter()
ConversationId = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The conversation.")]
ViewId = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The view.")]


@router.post(
    "/conversations/bulk",
    tags=["conversations"],
    summary="Change many conversations",
    responses=refusals(400, 401, 403),
)
async def change_many(asked: BulkRequest, me: Insider, session: Tx) -> BulkResult:
    """The same change to at most 100 conversations, all or none of it; each gets its own activities and frames.

    Ids that are not the shop's are listed as `unknown` and nothing is told of them. Admins get 403 `read_only`.
    """
    return await bulk.change(session, me, asked)


@router.post(
    "/conversations/{conversation_id}/unread",
    tags=["conversations"],
    summary="Mark as unread",
    responses=refusals(400, 401, 403, 404),
)
async def mark_unread(conversation_id: ConversationId, me: Insider, session: Tx) -> ConversationPublic:
    """Moves the read mark of the shop's side back, to just before the buyer's last message, for the whole team.

    Nothing happens when something is unread already; 400 `nothing_to_read` when the buyer has never written. The buyer
    is not told: a message that the buyer has once seen as read stays read there. Merchant's side only.
    """
    return await read_marks.mark_unread(session, me, conversation_id)


@router.get("/views/", tags=["views"], summary="List saved views", responses=refusals(401, 403))
async def list_views(me: Merchant, session: ReadTx) -> Listing[ViewPublic]:
    """One's own and the team's, by name. Merchant's side only."""
    return await views.listing(session, me)


@router.post("/views/", tags=["views"], summary="Save a view", status_code=201, responses=refusals(401, 403, 409))
async def create_view(draft: ViewCreate, me: Merchant, session: Tx) -> ViewPublic:
    """Filters and an order under a name: one's own, or with `is_shared` the team's."""
    return await views.create(session, me, draft)


@router.put("/views/{view_id}", tags=["views"], summary="Change a saved view", responses=refusals(401, 403, 404))
async def change_view(view_id: ViewId, draft: ViewChange, me: Merchant, session: Tx) -> ViewPublic:
    """Who made it, or the shop's owner when it is shared; absent fields stay."""
    return await views.change(session, me, view_id, draft)


@router.delete(
    "/views/{view_id}",
    tags=["views"],
    summary="Delete a saved view",
    status_code=204,
    responses=refusals(401, 403, 404),
)
async def remove_view(view_id: ViewId, me: Merchant, session: Tx) -> None:
    """Who made it, or the shop's owner when it is shared."""
    await views.remove(session, me, view_id)
