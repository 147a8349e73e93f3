"""The JSON door of routing: the team at work, handing over, and a buyer's place in the queue."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from app.chat import routing, team, transfers
from app.chat.api import TheDesk
from app.chat.models import ConversationPublic
from app.chat.team import TeamAtWork
from app.chat.transfers import Transfer
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Insider, Me, Merchant
from app.kernel.models import MAX_BIGINT
from app.kernel.refusals import refusals

router = APIRouter()
ConversationId = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The conversation.")]


class Place(BaseModel):
    """Where a conversation stands in its shop's queue."""

    position: int | None
    """From 1; null while somebody is in charge, nothing waits, or the shop does not route."""


@router.get("/staff/load", tags=["staff"], summary="Read the team at work", responses=refusals(401, 403))
async def read_load(me: Merchant, session: ReadTx, desk: TheDesk) -> TeamAtWork:
    """Who is there, how many open conversations each has, and how many wait for somebody. The shop's own people."""
    return await team.at_work(session, me, desk.presence)


@router.post(
    "/conversations/{conversation_id}/transfer",
    tags=["conversations"],
    summary="Hand a conversation to a colleague",
    responses=refusals(400, 401, 403, 404, 409),
)
async def transfer_conversation(
    conversation_id: ConversationId, body: Transfer, me: Insider, session: Tx
) -> ConversationPublic:
    """Put a colleague in charge, with a private note if there is something to say: both or neither.

    Leaves an activity `transferred`. 400 `assignee_not_in_team`, 409 `in_charge_already`.
    """
    return await transfers.transfer(session, me, conversation_id, body)


@router.get(
    "/conversations/{conversation_id}/queue",
    tags=["conversations"],
    summary="Read the place in the queue",
    responses=refusals(401, 404),
)
async def read_place(conversation_id: ConversationId, me: Me, session: ReadTx) -> Place:
    """How many wait before this one, and one. The buyer is told of changes by the frame `queue`."""
    return Place(position=await routing.position(session, me, conversation_id))
