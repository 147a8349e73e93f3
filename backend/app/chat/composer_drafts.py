"""Unsent text of one person in one conversation, kept so that another device finds it."""

from sqlmodel import Field, SQLModel, col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.api_keys import not_by_key
from app.chat import access
from app.chat.drafts import MAX_WRITTEN, Storable
from app.chat.threads_models import ComposerDraft, ComposerDraftPublic, Mode, UnsentText
from app.kernel.clock import now
from app.kernel.identity import Identity
from app.kernel.sql import upsert


class ComposerDraftWrite(SQLModel):
    """Unsent text; nothing but white space removes it."""

    mode: Mode = Mode.REPLY
    content: Storable = Field(max_length=MAX_WRITTEN, schema_extra={"examples": ["Your rice leaves today, and"]})


async def read(session: AsyncSession, me: Identity, conversation_id: int) -> ComposerDraftPublic:
    """The caller's own; 404 for a foreign conversation."""
    _check_is_a_person(me)
    await access.conversation(session, me, conversation_id)
    mine = (col(ComposerDraft.user_id) == me.user_id, col(ComposerDraft.conversation_id) == conversation_id)
    rows = (await session.exec(select(ComposerDraft).where(*mine))).all()
    return ComposerDraftPublic(**{row.mode: UnsentText.model_validate(row) for row in rows})


async def write(
    session: AsyncSession, me: Identity, conversation_id: int, draft: ComposerDraftWrite
) -> ComposerDraftPublic:
    """Keep the text, or forget it when it is empty."""
    _check_is_a_person(me)
    await access.conversation(session, me, conversation_id)
    key = {"user_id": me.user_id, "conversation_id": conversation_id, "mode": draft.mode.value}
    if draft.content.strip():
        row = key | {"content": draft.content, "updated_at": now()}
        await upsert(session, ComposerDraft, [row], key=list(key), update=["content", "updated_at"])
    else:
        mine = (col(ComposerDraft.user_id) == me.user_id, col(ComposerDraft.conversation_id) == conversation_id)
        await session.exec(delete(ComposerDraft).where(*mine, col(ComposerDraft.mode) == draft.mode))
    return await read(session, me, conversation_id)


def _check_is_a_person(me: Identity) -> None:
    """A key acts for the shop: what its owner has begun to write is the owner's, and no program's."""
    if me.is_api_key:
        raise not_by_key()
