"""Hears what happens to conversations, in the transaction in which it happens."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat.events import ConversationChanged, ConversationStarted
from app.kernel import events
from app.webhooks import recording
from app.webhooks.event_types import CONVERSATION_CREATED, CONVERSATION_UPDATED


async def _started(session: AsyncSession, event: ConversationStarted) -> None:
    await recording.tell_conversation(session, event.conversation, CONVERSATION_CREATED)


async def _changed(session: AsyncSession, event: ConversationChanged) -> None:
    await recording.tell_conversation(session, event.conversation, CONVERSATION_UPDATED)


def listen() -> None:
    """From now on in this process; called once, by the module that registers the jobs."""
    events.listen(ConversationStarted, _started)
    events.listen(ConversationChanged, _changed)
