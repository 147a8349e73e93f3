"""The JSON door of labels: the shop's people and admins look, the owner changes."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.accounts.names import USER_ID_PATTERN
from app.chat import labels
from app.chat.labels import LabelChange, LabelCreate
from app.chat.labels_models import LabelPublic
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Insider, Watcher
from app.kernel.models import PathId
from app.kernel.paging import Listing
from app.kernel.refusals import refusals

router = APIRouter(prefix="/labels", tags=["labels"])
LabelId = PathId


class LabelMerge(BaseModel):
    """Into which one."""

    into: str = Field(pattern=r"^[0-9]{1,19}$", examples=["812345678901234567"])


@router.get("/", summary="List labels", responses=refusals(400, 401, 403, 404))
async def list_labels(
    me: Watcher,
    session: ReadTx,
    merchant_id: Annotated[str | None, Query(pattern=USER_ID_PATTERN, description="For admins: which shop.")] = None,
) -> Listing[LabelPublic]:
    """All labels of the shop by name, each with its colour and how many conversations bear it."""
    return await labels.shown(session, me, merchant_id)


@router.post("/", summary="Create a label", status_code=201, responses=refusals(401, 403, 409))
async def create_label(draft: LabelCreate, me: Insider, session: Tx) -> LabelPublic:
    """The owner only. A label that somebody gives to a conversation becomes one by itself, a grey one."""
    return await labels.create(session, me, draft)


@router.put("/{label_id}", summary="Change a label", responses=refusals(401, 403, 404, 409))
async def change_label(label_id: LabelId, wanted: LabelChange, me: Insider, session: Tx) -> LabelPublic:
    """The owner only; absent fields stay. A new name is the name on all conversations in the same moment."""
    return await labels.change(session, me, label_id, wanted)


@router.post("/{label_id}/merge", summary="Merge two labels", responses=refusals(400, 401, 403, 404))
async def merge_labels(label_id: LabelId, body: LabelMerge, me: Insider, session: Tx) -> LabelPublic:
    """The owner only. Conversations that bear this one bear `into` instead, and this one is gone."""
    return await labels.merge(session, me, label_id, int(body.into))


@router.delete("/{label_id}", summary="Delete a label", status_code=204, responses=refusals(401, 403, 404))
async def remove_label(label_id: LabelId, me: Insider, session: Tx) -> None:
    """The owner only. It goes from every conversation."""
    await labels.remove(session, me, label_id)
