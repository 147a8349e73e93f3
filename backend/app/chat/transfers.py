"""Handing a conversation to a colleague, with a word for them: one step, one activity."""

from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import Staff
from app.chat import access, activities, conversations, notes
from app.chat.drafts import Storable
from app.chat.events import ConversationChanged
from app.chat.models import ConversationPublic
from app.chat.notes import NoteWrite
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import Conflict, Invalid
from app.kernel.identity import Identity

MAX_NOTE = 2000


class Transfer(SQLModel):
    """To whom, and what they should know."""

    assignee_id: str = Field(max_length=50, schema_extra={"examples": ["m3"]})
    note: Storable = Field(default="", max_length=MAX_NOTE)


async def transfer(session: AsyncSession, me: Identity, conversation_id: int, wanted: Transfer) -> ConversationPublic:
    """Put a colleague in charge; with words, they stand as a private note before the activity. Merchant's side only."""
    row = await access.conversation(session, me, conversation_id, lock=True)
    access.check_changes(me)
    colleague = await session.get(Staff, wanted.assignee_id)
    if colleague is None or colleague.merchant_id != row.merchant_id:
        raise Invalid("assignee_not_in_team", "Only a member of the shop's team can be in charge.")
    if row.assignee_id == wanted.assignee_id:
        raise Conflict("in_charge_already", "This colleague is assigned already.")
    if wanted.note.strip():
        await notes.add(session, me, conversation_id, NoteWrite(content=wanted.note.strip()))
    row.sqlmodel_update({"assignee_id": wanted.assignee_id, "updated_at": now()})
    session.add(row)
    await session.flush()
    await activities.record(session, me, row, "transferred", wanted.assignee_id)
    public = await conversations.get(session, me, conversation_id)
    await events.emit(session, ConversationChanged(conversation=public, is_status_new=False))
    return public
