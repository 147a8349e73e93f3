"""A visitor turns out to be a shop's customer: what both said with this shop becomes the customer's.

Only for a visitor whose own token was shown: never by a name, an e-mail address or a phone number.
"""

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import customers
from app.accounts.models import Credential
from app.chat import contacts_standing, conversations, introductions
from app.chat.contacts_models import ContactCustomer, ContactMerge
from app.chat.events import ConversationChanged
from app.chat.models import Activity, Conversation, Message
from app.chat.ratings import Rating
from app.chat.visits import Visit
from app.files.models import StoredFile
from app.files.uses import FileUse
from app.kernel import events
from app.kernel.clock import now
from app.kernel.identity import Identity, Role


async def move(session: AsyncSession, visitor: Identity, merchant_id: str, customer_id: str) -> list[int]:
    """Give the visitor's conversations with this shop to its customer; their ids.

    Nothing moves from somebody who is no visitor: a person with a password, another customer. What the visitor said to
    other shops stays the visitor's.
    """
    if visitor.role is not Role.BUYER or visitor.user_id == customer_id or await _is_somebody(session, visitor.user_id):
        return []
    mine = (col(Conversation.customer_id) == visitor.user_id, col(Conversation.merchant_id) == merchant_id)
    # The rows' locks keep the writer out: who sends meanwhile is judged by who owns the conversation afterwards.
    locked = select(Conversation).where(*mine).order_by(col(Conversation.id)).with_for_update()
    rows = (await session.exec(locked)).all()
    if not rows:
        return []
    ids = [row.id for row in rows]
    for row in rows:
        last = customer_id if row.last_sender_id == visitor.user_id else row.last_sender_id
        # The customer may have an open one already: then this one stays open beside it, without the key.
        row.sqlmodel_update({"customer_id": customer_id, "open_key": None, "last_sender_id": last, "updated_at": now()})
        session.add(row)
    await session.flush()
    await _rename(session, ids, visitor.user_id, merchant_id, customer_id)
    await _put_together(session, merchant_id, visitor.user_id, customer_id)
    shop = Identity(merchant_id, Role.MERCHANT, merchant_id, 0)
    for number in ids:
        public = await conversations.get(session, shop, number)
        await events.emit(session, ConversationChanged(conversation=public, is_status_new=True))
    return ids


async def _is_somebody(session: AsyncSession, user_id: str) -> bool:
    return await session.get(Credential, user_id) is not None or await customers.is_vouched_for(session, user_id)


async def _rename(session: AsyncSession, ids: list[int], before: str, merchant_id: str, after: str) -> None:
    """Whoever stands for the visitor in these conversations' rows is the customer from now on."""
    quietly = {"synchronize_session": False}
    said = (col(Message.conversation_id).in_(ids), col(Message.sender_id) == before)
    await session.exec(update(Message).where(*said).values(sender_id=after).execution_options(**quietly))
    done = (col(Activity.conversation_id).in_(ids), col(Activity.actor_id) == before)
    await session.exec(update(Activity).where(*done).values(actor_id=after).execution_options(**quietly))
    rated = col(Rating.conversation_id).in_(ids)
    await session.exec(update(Rating).where(rated).values(customer_id=after).execution_options(**quietly))
    shown = select(FileUse.file_id).where(col(FileUse.used_by).in_(ids))
    files = (col(StoredFile.owner_id) == before, col(StoredFile.id).in_(shown))
    await session.exec(update(StoredFile).where(*files).values(owner_id=after).execution_options(**quietly))
    visit = await session.get(Visit, (merchant_id, before))
    if visit is not None:
        if await session.get(Visit, (merchant_id, after)) is None:
            facts = visit.model_dump(exclude={"merchant_id", "customer_id"})
            session.add(Visit(merchant_id=merchant_id, customer_id=after, **facts))
        await session.delete(visit)
    await session.flush()


async def _put_together(session: AsyncSession, merchant_id: str, before: str, after: str) -> None:
    """One person in the shop's address book, blocked if one of the two was."""
    link = await session.get(ContactCustomer, (merchant_id, before))
    if link is None:
        return
    own = await session.get(ContactCustomer, (merchant_id, after))
    if own is None:
        session.add(ContactCustomer(merchant_id=merchant_id, customer_id=after, contact_id=link.contact_id))
    elif own.contact_id != link.contact_id:
        shop = Identity(merchant_id, Role.MERCHANT, merchant_id, 0)
        merged = ContactMerge.model_construct(other_id=link.contact_id, take=[])
        await contacts_standing.merge(session, shop, own.contact_id, merged)
        await session.refresh(link)
    await session.delete(link)
    await session.flush()
    await introductions.vouched(session, merchant_id, after)
