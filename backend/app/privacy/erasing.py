"""What is erased of a person, in steps that can be repeated. What stays and why: docs/data-protection.md.

The thread of a conversation stays as it was, with every seq: the shop's own words are the shop's. A buyer's words,
files and index rows go.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import platform, sessions
from app.accounts.api_keys import ApiKey
from app.accounts.customers import CustomerIdentity
from app.accounts.identity_keys import IdentityKey
from app.accounts.invitations import Invitation
from app.accounts.models import DEFAULT_AVATAR, AuthSession, Credential, Device, Staff, User
from app.accounts.opening import ShopHoliday, ShopHours
from app.accounts.preferences import UserPreferences
from app.accounts.shop_settings import ShopSettings
from app.accounts.widgets import WidgetSettings
from app.audit.models import AuditEntry
from app.automation.models import AutomationRule, AutomationRun
from app.chat import contacts_buyers, conversations, unindexing
from app.chat.contacts_models import Contact
from app.chat.conversations import ConversationChange
from app.chat.labels_models import Label
from app.chat.models import Conversation, Message, QuickReply, Status
from app.chat.notes_models import Note
from app.chat.ratings import Rating
from app.chat.threads_models import ComposerDraft, NoteMention
from app.chat.views_models import View
from app.chat.visits import Visit
from app.files.models import PrivateFile
from app.kernel.clock import now
from app.kernel.i18n import sentence
from app.kernel.identity import Identity, Role
from app.webhooks.models import WebhookEndpoint

NAME = sentence("Deleted user")
SLICE = 300  # messages of one transaction


async def lock_out(session: AsyncSession, user: User) -> None:
    """Nobody gets in as this person any more, and nobody reads who it was. The user name is free again."""
    at = now()
    values = {
        "username": f"deleted {user.id}",  # with a space: nobody can have it
        "display_name": NAME, "avatar": DEFAULT_AVATAR, "email": None, "phone": None, "locale": "", "greeting": "",
        "blocked_at": user.blocked_at or at, "blocked_reason": "", "updated_at": at,
    }  # fmt: skip
    await session.exec(update(User).where(col(User.id) == user.id).values(values))
    await sessions.end_all(session, user.id)
    for model in (Credential, Device, Staff, CustomerIdentity, UserPreferences):
        owner: Any = model.user_id
        await session.exec(delete(model).where(col(owner) == user.id))
    await session.exec(update(Invitation).where(col(Invitation.used_by) == user.id).values(email=None))
    # That admins did something about this person stays on record; names and reasons are the person's.
    about = (col(AuditEntry.subject_kind) == "user", col(AuditEntry.subject_id) == user.id)
    await session.exec(update(AuditEntry).where(*about).values(details={}))
    # The rows stay for a month, so that every process learns that they ended; where from is forgotten now.
    await session.exec(update(AuthSession).where(col(AuthSession.user_id) == user.id).values(ip="", user_agent=""))
    over = col(PrivateFile.owner_id) == user.id
    await session.exec(update(PrivateFile).where(over, col(PrivateFile.expires_at) > at).values(expires_at=at))


async def conversations_of(session: AsyncSession, user_id: str, after: int, limit: int) -> Sequence[int]:
    """The conversations of a buyer, by id."""
    mine = (Conversation.customer_id == user_id, col(Conversation.id) > after)
    query = select(Conversation.id).where(*mine).order_by(col(Conversation.id)).limit(limit)
    return (await session.exec(query)).all()


async def blank(session: AsyncSession, user_id: str, conversation_id: int, after: int) -> int | None:
    """Take the person's words and files out of a slice of messages after seq `after`; its last seq, None at the end."""
    theirs = (col(Message.conversation_id) == conversation_id, col(Message.sender_id) == user_id)
    query = select(Message).where(*theirs, col(Message.seq) > after).order_by(col(Message.seq)).limit(SLICE)
    rows = (await session.exec(query)).all()
    if not rows:
        return None
    said = [row for row in rows if row.content or row.attachments]
    await unindexing.blank(session, said)
    blanked = update(Message).where(col(Message.id).in_([row.id for row in said]))
    await session.exec(
        blanked.values(content="", attachments=None, message_type="text").execution_options(synchronize_session=False)
    )
    return rows[-1].seq


async def close(session: AsyncSession, user_id: str, conversation_id: int) -> None:
    """What stood beside the messages: the preview, private notes about the person; what was open is resolved."""
    mine = col(Conversation.id) == conversation_id
    by_them = update(Conversation).where(mine, col(Conversation.last_sender_id) == user_id)
    await session.exec(by_them.values(last_message="", last_message_type="text"))
    await session.exec(delete(Note).where(col(Note.conversation_id) == conversation_id))
    await session.exec(delete(ComposerDraft).where(col(ComposerDraft.conversation_id) == conversation_id))
    # What rules said here names the person. It is blanked and not deleted: a rule without its row would act again.
    ran = update(AutomationRun).where(col(AutomationRun.conversation_id) == conversation_id)
    await session.exec(ran.values(done=[], finished_at=now()))
    row = await session.get_one(Conversation, conversation_id)
    if row.status is not Status.RESOLVED:
        shop = Identity(row.merchant_id, Role.MERCHANT, row.merchant_id, 0)
        actor = await platform.ensure(session)
        change = ConversationChange(status=Status.RESOLVED)
        await conversations.change(session, shop, conversation_id, change, actor=actor)


async def leave_the_shop(session: AsyncSession, user_id: str) -> None:
    """What a member of the staff leaves: their part in conversations, saved views, prepared answers; not their words.

    With its owner a shop ends: its settings, and the addresses to which it had its news sent.
    """
    mine = col(Conversation.assignee_id) == user_id
    await session.exec(update(Conversation).where(mine).values(assignee_id=None))
    await session.exec(delete(ComposerDraft).where(col(ComposerDraft.user_id) == user_id))
    await session.exec(delete(NoteMention).where(col(NoteMention.user_id) == user_id))
    handed_on = (col(View.user_id) == user_id, col(View.is_shared), col(View.merchant_id) != user_id)
    await session.exec(update(View).where(*handed_on).values(user_id=View.merchant_id))
    await session.exec(delete(View).where(or_(col(View.user_id) == user_id, col(View.merchant_id) == user_id)))
    shared = (col(QuickReply.user_id) == user_id, col(QuickReply.is_shared), col(QuickReply.merchant_id) != user_id)
    await session.exec(update(QuickReply).where(*shared).values(user_id=QuickReply.merchant_id))
    gone = or_(col(QuickReply.user_id) == user_id, col(QuickReply.merchant_id) == user_id)
    await session.exec(delete(QuickReply).where(gone))
    await session.exec(delete(ShopSettings).where(col(ShopSettings.merchant_id) == user_id))
    await session.exec(delete(WebhookEndpoint).where(col(WebhookEndpoint.merchant_id) == user_id))
    of_the_shop = (
        WidgetSettings, IdentityKey, ApiKey, Invitation, AutomationRule, Label, ShopHours, ShopHoliday
    )  # fmt: skip
    for settings in of_the_shop:
        shop: Any = settings.merchant_id
        await session.exec(delete(settings).where(col(shop) == user_id))


async def forget_contact(session: AsyncSession, user_id: str) -> None:
    """The entries in shops' address books that say they are this person, and a closed shop's own book."""
    await contacts_buyers.forget(session, user_id)
    await session.exec(delete(Visit).where(col(Visit.customer_id) == user_id))
    # The score stays in the shop's figures, as the conversation does; the words were the person's.
    await session.exec(update(Rating).where(col(Rating.customer_id) == user_id).values(comment=""))
    await session.exec(delete(Contact).where(col(Contact.merchant_id) == user_id))
