"""The JSON door of conversations and messages."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.chat import activities, conversations, frames, inbox, messages, notes, search
from app.chat.conversations import ConversationChange, ConversationStart, ReadMarks
from app.chat.desk import Desk, desk_of
from app.chat.inbox import ConversationFilters, InboxCounts
from app.chat.messages import MAX_LIMIT, MessageCreate
from app.chat.models import ActivityPublic, ConversationPublic, MessagePublic
from app.chat.notes import NoteWrite
from app.chat.notes_models import NotePublic
from app.chat.search import SearchHit
from app.chat.views_models import Order, Sort
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Insider, Me, Participant, Role, Watcher
from app.kernel.limits import caller_of, limits_of
from app.kernel.models import MAX_BIGINT, PathId
from app.kernel.paging import CursorListing, Listing, Paging
from app.kernel.refusals import refusals

MAX_SEQ = 2**31 - 1
MAX_IDS = 100  # messages that are asked for by their ids
STARTS_PER_ADDRESS = "120/hour"  # a campus behind one address still writes
STARTS_PER_SHOP = "3000/hour"
OPEN_ALREADY = "The one that is open between the two already."
SENT_BEFORE = "Sent before under this `client_id`: the first answer."
router = APIRouter()
ConversationId = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The conversation.")]
NoteId = PathId
Snowflake = Annotated[int, Field(ge=1, le=MAX_BIGINT)]
Seq = Annotated[int | None, Query(ge=0, le=MAX_SEQ)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Messages of this answer.")]
TheDesk = Annotated[Desk, Depends(desk_of)]


class ReadMark(BaseModel):
    """The last seq that the caller has seen."""

    seq: int = Field(ge=0, le=MAX_SEQ)


@router.get("/conversations/", tags=["conversations"], summary="List conversations", responses=refusals(400, 401))
async def list_conversations(
    me: Me,
    session: ReadTx,
    paging: Paging,
    filters: Annotated[ConversationFilters, Query()],
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
    sort: Sort = "activity",
    order: Order = "desc",
) -> CursorListing[ConversationPublic]:
    """Buyers see their own, the merchant's side its shop's, admins all.

    `sort` is by last activity, waiting time, creation or priority; `desc` begins with the newest, the longest waiting,
    the most urgent. `last_seq` of each is the sync vector: after an outage it tells exactly what a client has missed.
    Follow `next_cursor` under the same `sort` and `order` for deep lists; `page` is for short ones.
    """
    return await inbox.listing(session, me, filters, paging, cursor, sort, order)


@router.post(
    "/conversations/",
    tags=["conversations"],
    summary="Start a conversation",
    status_code=201,
    responses={200: {"model": ConversationPublic, "description": OPEN_ALREADY}, **refusals(400, 401, 403, 404, 429)},
)
async def start_conversation(
    draft: ConversationStart, me: Participant, session: Tx, request: Request, response: Response
) -> ConversationPublic:
    """A buyer gives `merchant_id`, the merchant's side `customer_id`. 200 with the open one, 201 with a new one.

    429 for a buyer when far more new ones come from one address, or to one shop, than people write.
    """
    conversation, is_new = await conversations.start(session, me, draft)
    if is_new and me.role is Role.BUYER:
        await limits_of(request).hit("start-address", caller_of(request), STARTS_PER_ADDRESS)
        await limits_of(request).hit("start-shop", conversation.merchant_id, STARTS_PER_SHOP)
    response.status_code = 201 if is_new else 200
    return conversation


@router.get("/conversations/counts", tags=["conversations"], summary="Count conversations", responses=refusals(401))
async def count_conversations(
    me: Me,
    session: ReadTx,
    filters: Annotated[ConversationFilters, Query()],
    include_resolved: Annotated[bool, Query(description="Without a `status`: count the resolved too.")] = False,
) -> InboxCounts:
    """Assigned to the caller, to nobody, and all that the caller sees, under the filters of the list.

    An `assignee` among them is ignored. Without a `status`: of all but the resolved.
    """
    return await inbox.counts(session, me, filters, include_resolved=include_resolved)


@router.get(
    "/conversations/{conversation_id}",
    tags=["conversations"],
    summary="Read a conversation",
    responses=refusals(401, 404),
)
async def read_conversation(conversation_id: ConversationId, me: Me, session: ReadTx) -> ConversationPublic:
    """Participants and admins; anybody else gets 404."""
    return await conversations.get(session, me, conversation_id)


@router.put(
    "/conversations/{conversation_id}",
    tags=["conversations"],
    summary="Change a conversation",
    responses=refusals(400, 401, 403, 404),
)
async def change_conversation(
    conversation_id: ConversationId, change: ConversationChange, me: Me, session: Tx
) -> ConversationPublic:
    """Status, assignee, labels, priority, snooze; absent fields stay. Merchant's side only."""
    return await conversations.change(session, me, conversation_id, change)


@router.post(
    "/conversations/{conversation_id}/read",
    tags=["conversations"],
    summary="Mark as read",
    responses=refusals(401, 403, 404),
)
async def mark_read(conversation_id: ConversationId, mark: ReadMark, me: Me, session: Tx) -> ReadMarks:
    """Moves the mark of the caller's side up to `seq`, never backwards. Admins get 403 `read_only`."""
    return await conversations.mark_read(session, me, conversation_id, mark.seq)


@router.get(
    "/conversations/{conversation_id}/messages/",
    tags=["messages"],
    summary="List messages",
    responses=refusals(401, 404),
)
async def list_messages(
    conversation_id: ConversationId,
    me: Me,
    session: ReadTx,
    after_seq: Seq = None,
    before_seq: Seq = None,
    limit: Limit = 50,
    id: Annotated[list[Snowflake], Query(max_length=MAX_IDS)] = [],  # noqa: B006
) -> Listing[MessagePublic]:
    """Ascending by `seq`, which starts at 1 and has no gaps.

    With `after_seq` the next ones (the call to make after every reconnect), with `before_seq` older ones, with `id`
    (repeatable) exactly these, with none of them the newest.
    """
    return await messages.listing(session, me, conversation_id, after_seq, before_seq, limit, id)


@router.post(
    "/conversations/{conversation_id}/messages/",
    tags=["messages"],
    summary="Send a message",
    status_code=201,
    responses={200: {"model": MessagePublic, "description": SENT_BEFORE}, **refusals(401, 403, 404, 409, 503)},
)
async def send_message(
    conversation_id: ConversationId, draft: MessageCreate, me: Me, desk: TheDesk, response: Response
) -> MessagePublic:
    """201 means committed. Repeat it under the same `client_id` after any doubt: 200 with the first answer.

    409 `client_id_reused` when the name stands for another message. Admins get 403 `read_only`.
    """
    return await _send(desk, me, conversation_id, draft, response)


class MessageToConversation(MessageCreate):
    """A message that names its conversation."""

    conversation_id: str


@router.get("/messages/", tags=["messages"], summary="List messages of a conversation", responses=refusals(401, 404))
async def list_messages_flat(
    me: Me,
    session: ReadTx,
    conversation_id: Annotated[int, Query(ge=1, le=MAX_BIGINT)],
    after_seq: Seq = None,
    before_seq: Seq = None,
    limit: Limit = 50,
) -> Listing[MessagePublic]:
    """The same as `/conversations/{id}/messages/`."""
    return await messages.listing(session, me, conversation_id, after_seq, before_seq, limit)


@router.post(
    "/messages/",
    tags=["messages"],
    summary="Send a message to a conversation",
    status_code=201,
    responses={200: {"model": MessagePublic, "description": SENT_BEFORE}, **refusals(401, 403, 404, 409, 503)},
)
async def send_message_flat(draft: MessageToConversation, me: Me, desk: TheDesk, response: Response) -> MessagePublic:
    """The same as `POST /conversations/{id}/messages/`."""
    return await _send(desk, me, draft.conversation_id, draft, response)


async def _send(desk: Desk, me: Me, conversation_id: object, draft: MessageCreate, response: Response) -> MessagePublic:
    fields: dict[str, Any] = draft.model_dump()
    draft_of_mine = await messages.draft_of(desk.db, me, conversation_id, fields)
    await desk.check_open(me, draft_of_mine.conversation_id)
    sent = await desk.writer.send(draft_of_mine)
    response.status_code = 200 if sent.is_replay else 201
    row = sent.message
    return MessagePublic.model_validate(
        row._asdict() | {"attachments": frames.attachments(row.attachments, desk.settings), "is_read": False}
    )


@router.get("/search/", tags=["messages"], summary="Search messages", responses=refusals(400, 401))
async def search_messages(
    me: Me,
    session: ReadTx,
    paging: Paging,
    q: Annotated[str, Query(min_length=1, max_length=200, examples=["大米"])],
    conversation_id: Annotated[int | None, Query(ge=1, le=MAX_BIGINT)] = None,
    merchant_id: Annotated[str | None, Query(max_length=50, description="Of this shop only.")] = None,
) -> Listing[SearchHit]:
    """Messages that contain all words of `q`, newest first, in conversations that the caller may see.

    Chinese is found from one character on. `count` stops at 1000. A new message is found within about a second.
    """
    return await search.find(session, me, q, paging, conversation_id, merchant_id)


@router.get(
    "/conversations/{conversation_id}/notes/", tags=["notes"], summary="List notes", responses=refusals(401, 403, 404)
)
async def list_notes(conversation_id: ConversationId, me: Watcher, session: ReadTx) -> Listing[NotePublic]:
    """Private notes, oldest first. Merchant's side and admins; a buyer gets 403 for every conversation."""
    return await notes.listing(session, me, conversation_id)


@router.post(
    "/conversations/{conversation_id}/notes/",
    tags=["notes"],
    summary="Write a note",
    status_code=201,
    responses=refusals(401, 403, 404),
)
async def add_note(conversation_id: ConversationId, draft: NoteWrite, me: Insider, session: Tx) -> NotePublic:
    """Merchant's side only. It stands after the message `after_seq` and reaches no buyer."""
    return await notes.add(session, me, conversation_id, draft)


@router.put(
    "/conversations/{conversation_id}/notes/{note_id}",
    tags=["notes"],
    summary="Change a note",
    responses=refusals(401, 403, 404),
)
async def change_note(
    conversation_id: ConversationId, note_id: NoteId, draft: NoteWrite, me: Insider, session: Tx
) -> NotePublic:
    """Only its author."""
    return await notes.change(session, me, conversation_id, note_id, draft)


@router.delete(
    "/conversations/{conversation_id}/notes/{note_id}",
    tags=["notes"],
    summary="Delete a note",
    status_code=204,
    responses=refusals(401, 403, 404),
)
async def remove_note(conversation_id: ConversationId, note_id: NoteId, me: Insider, session: Tx) -> None:
    """Only its author."""
    await notes.remove(session, me, conversation_id, note_id)


@router.get(
    "/conversations/{conversation_id}/activities/",
    tags=["notes"],
    summary="List activities",
    responses=refusals(401, 403, 404),
)
async def list_activities(conversation_id: ConversationId, me: Watcher, session: ReadTx) -> Listing[ActivityPublic]:
    """Assigned, resolved, labelled … by whom, after which message. Merchant's side and admins."""
    return await activities.listing(session, me, conversation_id)
