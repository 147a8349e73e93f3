"""Labels on conversations, by name."""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import activities
from app.chat.models import Conversation, ConversationLabel
from app.kernel.errors import AppError
from app.kernel.identity import Identity

MAX_NAME = 40


async def of(session: AsyncSession, conversation_ids: Sequence[int]) -> dict[int, list[str]]:
    """Conversation id → its labels in alphabetical order."""
    query = select(ConversationLabel).where(col(ConversationLabel.conversation_id).in_(conversation_ids))
    named: dict[int, list[str]] = {}
    for label in await session.exec(query.order_by(col(ConversationLabel.name))):
        named.setdefault(label.conversation_id, []).append(label.name)
    return named


async def replace(session: AsyncSession, me: Identity, conversation: Conversation, names: list[str]) -> None:
    """Make `names` the conversation's labels; each that comes or goes leaves an activity."""
    wanted = {name.strip() for name in names}
    if not all(0 < len(name) <= MAX_NAME for name in wanted):
        raise AppError(422, "invalid_labels", "A label has 1 to {max} characters.", max=MAX_NAME)
    existing = set((await of(session, [conversation.id])).get(conversation.id, []))
    gone = existing - wanted
    if gone:
        mine = col(ConversationLabel.conversation_id) == conversation.id
        await session.exec(delete(ConversationLabel).where(mine, col(ConversationLabel.name).in_(gone)))
    session.add_all(ConversationLabel(conversation_id=conversation.id, name=name) for name in wanted - existing)
    await session.flush()
    for name in sorted(gone):
        await activities.record(session, me, conversation, "unlabelled", name)
    for name in sorted(wanted - existing):
        await activities.record(session, me, conversation, "labelled", name)
