"""The JSON door of what stands around a thread: deleting a message, unsent text, mentions."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.chat import composer_drafts, deletions, mentions, messages
from app.chat.api import TheDesk
from app.chat.composer_drafts import ComposerDraftWrite
from app.chat.threads_models import ComposerDraftPublic, MentionPublic, SharedFile
from app.files import sweeps
from app.files.storage.local import LocalStorage
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Insider, Me, Participant
from app.kernel.models import MAX_BIGINT, PathId
from app.kernel.paging import Listing
from app.kernel.refusals import refusals

router = APIRouter()
ConversationId = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The conversation.")]
MessageId = PathId


@router.delete(
    "/conversations/{conversation_id}/messages/{message_id}",
    tags=["messages"],
    summary="Delete a message",
    status_code=204,
    responses=refusals(401, 403, 404),
)
async def delete_message(
    conversation_id: ConversationId, message_id: MessageId, me: Participant, desk: TheDesk
) -> None:
    """Only its sender. The words and files are gone for everybody; the message keeps its `seq` and has `deleted_at`.

    Both sides get the frame `message_deleted {conversation_id, id, seq}`; after an outage `sync` with `since` tells it.
    """
    gone = await desk.db.write(lambda session: deletions.delete(session, me, conversation_id, message_id))
    await sweeps.discard(LocalStorage(desk.settings.media_dir), gone)


@router.get(
    "/conversations/{conversation_id}/files/",
    tags=["messages"],
    summary="List the files of a conversation",
    responses=refusals(401, 404),
)
async def list_files(conversation_id: ConversationId, me: Me, session: ReadTx) -> Listing[SharedFile]:
    """The files of the newest 60 messages that have any, newest first. Participants and admins."""
    return await messages.files(session, me, conversation_id)


@router.get(
    "/conversations/{conversation_id}/draft",
    tags=["notes"],
    summary="Read one’s own unsent text",
    responses=refusals(401, 403, 404),
)
async def read_draft(conversation_id: ConversationId, me: Insider, session: ReadTx) -> ComposerDraftPublic:
    """What the caller began to write here, on whichever device. Merchant's side; nobody sees another's."""
    return await composer_drafts.read(session, me, conversation_id)


@router.put(
    "/conversations/{conversation_id}/draft",
    tags=["notes"],
    summary="Keep one’s own unsent text",
    responses=refusals(401, 403, 404),
)
async def keep_draft(
    conversation_id: ConversationId, draft: ComposerDraftWrite, me: Insider, session: Tx
) -> ComposerDraftPublic:
    """Replaces the text of one mode; an empty one removes it."""
    return await composer_drafts.write(session, me, conversation_id, draft)


@router.get("/mentions/", tags=["notes"], summary="List mentions", responses=refusals(401, 403))
async def list_mentions(me: Insider, session: ReadTx) -> Listing[MentionPublic]:
    """Private notes of colleagues that name the caller and that the caller has not seen yet, newest first."""
    return await mentions.unseen(session, me)


@router.post(
    "/conversations/{conversation_id}/mentions/seen",
    tags=["notes"],
    summary="Mark mentions as seen",
    status_code=204,
    responses=refusals(401, 403, 404),
)
async def see_mentions(conversation_id: ConversationId, me: Insider, session: Tx) -> None:
    """The caller has seen the notes of this conversation that name them."""
    await mentions.see(session, me, conversation_id)
