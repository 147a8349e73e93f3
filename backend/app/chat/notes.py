"""Private notes of the merchant's side. They reach no buyer: no seq, no `last_message`, no search, no frame."""

from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import access, mentions
from app.chat.drafts import checked_content
from app.chat.events import NoteRemoved, NoteWritten
from app.chat.models import Conversation
from app.chat.notes_models import Note, NotePublic
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import Forbidden, NotFound, read_only
from app.kernel.identity import Identity, Role
from app.kernel.paging import Listing

MAX_LISTED = 500
MAX_MENTIONS = 20  # colleagues in one note


class NoteWrite(SQLModel):
    """A note's text, 1 to 10 000 characters."""

    content: str = Field(min_length=1, schema_extra={"examples": ["Returning buyer, third order this year."]})
    mentions: list[str] = Field(default=[], max_length=MAX_MENTIONS)
    """Colleagues whom the note names; they are told."""


async def listing(session: AsyncSession, me: Identity, conversation_id: int) -> Listing[NotePublic]:
    """The newest 500, oldest first. Merchant's side and admins."""
    access.check_sees_inside(me)
    await access.conversation(session, me, conversation_id)
    query = select(Note).where(col(Note.conversation_id) == conversation_id)
    rows = (await session.exec(query.order_by(col(Note.id).desc()).limit(MAX_LISTED))).all()
    named = await mentions.of(session, [row.id for row in rows])
    results = [_shape(row, named.get(row.id, [])) for row in reversed(rows)]
    return Listing(count=len(results), results=results)


async def add(
    session: AsyncSession, me: Identity, conversation_id: int, draft: NoteWrite, author: Identity | None = None
) -> NotePublic:
    """Write a note after the last message; in the name of `author` when the product acts for the shop by itself."""
    row = await _inside(session, me, conversation_id)
    content = checked_content(draft.content, may_be_empty=False)
    note = Note(conversation_id=row.id, author_id=(author or me).user_id, content=content, after_seq=row.last_seq)
    session.add(note)
    return await _told(session, row.merchant_id, note, draft.mentions)


async def change(
    session: AsyncSession, me: Identity, conversation_id: int, note_id: int, draft: NoteWrite
) -> NotePublic:
    """New text for a note of one's own."""
    row = await _inside(session, me, conversation_id)
    note = await _own(session, me, row.id, note_id)
    note.content = checked_content(draft.content, may_be_empty=False)
    note.updated_at = now()
    return await _told(session, row.merchant_id, note, draft.mentions)


async def remove(session: AsyncSession, me: Identity, conversation_id: int, note_id: int) -> None:
    """Delete a note of one's own."""
    row = await _inside(session, me, conversation_id)
    await session.delete(await _own(session, me, row.id, note_id))
    await session.flush()
    await events.emit(session, NoteRemoved(merchant_id=row.merchant_id, conversation_id=row.id, id=note_id))


async def _inside(session: AsyncSession, me: Identity, conversation_id: int) -> Conversation:
    access.check_sees_inside(me)
    row = await access.conversation(session, me, conversation_id)
    if me.role is not Role.MERCHANT:
        raise read_only()
    return row


async def _own(session: AsyncSession, me: Identity, conversation_id: int, note_id: int) -> Note:
    query = select(Note).where(col(Note.id) == note_id, col(Note.conversation_id) == conversation_id)
    note = (await session.exec(query)).first()
    if note is None:
        raise NotFound("note_not_found", "There is no such note.")
    if note.author_id != me.user_id:
        raise Forbidden("not_the_author", "Only its author may change a note.")
    return note


async def _told(session: AsyncSession, merchant_id: str, note: Note, wanted: list[str]) -> NotePublic:
    await session.flush()
    shown = _shape(note, await mentions.replace(session, note, merchant_id, wanted))
    await events.emit(session, NoteWritten(merchant_id=merchant_id, note=shown))
    return shown


def _shape(note: Note, named: list[str]) -> NotePublic:
    return NotePublic.model_validate(note.model_dump() | {"mentions": named})
