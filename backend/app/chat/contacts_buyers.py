"""A contact for every buyer with whom a shop talks: made with the first conversation, in its transaction.

Idempotent by the key of `contact_customers`. A buyer's own e-mail address makes nobody somebody else: when another
contact has it, the new one goes without, and merging the two is offered.
"""

from typing import Any

from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.events import Renamed
from app.accounts.models import User
from app.chat.contacts_models import Contact, ContactCustomer, derived
from app.chat.events import ConversationStarted
from app.chat.models import Conversation
from app.chat.plan import blocked
from app.kernel import events
from app.kernel.clock import now
from app.kernel.identity import Identity, Role


def listen() -> None:
    """From now on in this process; called once, by the module that registers the jobs."""
    events.listen(ConversationStarted, _started)
    events.listen(Renamed, _renamed)


async def check_not_blocked(session: AsyncSession, me: Identity, merchant_id: str) -> None:
    """403 for a buyer whom this shop has blocked."""
    if me.role is Role.BUYER and await is_blocked(session, merchant_id, me.user_id):
        raise blocked()


async def _started(session: AsyncSession, event: ConversationStarted) -> None:
    one = event.conversation
    await ensure(session, one.merchant_id, one.customer_id, is_met=not event.is_by_shop)
    # Under the lock of the contact, so that a block of this moment does not miss the new conversation.
    if await is_blocked(session, one.merchant_id, one.customer_id, lock=True):
        mine = update(Conversation).where(col(Conversation.id) == one.id)
        await session.exec(mine.values(is_blocked=True).execution_options(synchronize_session=False))


async def ensure(session: AsyncSession, merchant_id: str, customer_id: str, *, is_met: bool = True) -> None:
    """Make the contact that stands for this buyer, unless there is one; it was seen now.

    Addresses come with a buyer who turned to the shop; to be written to tells it nothing but a name.
    """
    found = await session.get(ContactCustomer, (merchant_id, customer_id))
    if found is not None:
        seen = update(Contact).where(col(Contact.id) == found.contact_id).values(last_seen_at=now())
        await session.exec(seen.execution_options(synchronize_session=False))
        return
    user = await session.get_one(User, customer_id)
    facts: dict[str, Any] = {"name": user.display_name, "email": user.email, "phone": user.phone}
    for values in (facts, {"name": user.display_name})[0 if is_met else 1 :]:
        contact = Contact(
            merchant_id=merchant_id, last_seen_at=now(), **values, **derived(values, [user.display_name, user.username])
        )
        try:
            async with session.begin_nested():
                session.add(contact)
                await session.flush()
                link = ContactCustomer(merchant_id=merchant_id, customer_id=customer_id, contact_id=contact.id)
                session.add(link)
                await session.flush()
        except IntegrityError:  # an address is taken, or another process was first
            if await session.get(ContactCustomer, (merchant_id, customer_id), populate_existing=True) is not None:
                return
        else:
            return


async def _renamed(session: AsyncSession, event: Renamed) -> None:
    """A buyer has another name: contacts that nobody renamed follow."""
    mine = select(ContactCustomer.contact_id).where(ContactCustomer.customer_id == event.user_id)
    query = select(Contact).where(col(Contact.id).in_(mine), Contact.name == event.before)
    for contact in (await session.exec(query.with_for_update())).all():
        contact.name = event.after[:100]
        contact.sqlmodel_update(derived(contact.model_dump(), [event.after]))
    await session.flush()


async def forget(session: AsyncSession, user_id: str) -> None:
    """A person is erased: the entries that stand for them go. Other buyers of a merged one get a plain entry each."""
    mine = (await session.exec(select(ContactCustomer).where(ContactCustomer.customer_id == user_id))).all()
    for link in mine:
        contact_id, merchant_id = link.contact_id, link.merchant_id
        others = select(ContactCustomer.customer_id).where(
            ContactCustomer.contact_id == contact_id, ContactCustomer.customer_id != user_id
        )
        left = (await session.exec(others)).all()
        contact = await session.get_one(Contact, contact_id)
        was_blocked, reason, by = contact.blocked_at, contact.block_reason, contact.blocked_by
        await session.delete(contact)
        await session.flush()
        session.expire_all()
        for customer_id in left:
            await ensure(session, merchant_id, customer_id)
            again = await session.get_one(ContactCustomer, (merchant_id, customer_id))
            kept = update(Contact).where(col(Contact.id) == again.contact_id)
            await session.exec(kept.values(blocked_at=was_blocked, block_reason=reason, blocked_by=by))


async def note_seen(session: AsyncSession, limit: int) -> int:
    """Bring `last_seen_at` up to date with the newest conversations; says how many contacts changed.

    Newest first until a slice has nothing new: only a message makes a conversation young, so what is older is known.
    """
    link, last = ContactCustomer, col(Conversation.last_message_time)
    changed: dict[int, int] = {}
    offset = 0
    while True:
        newest: Any = select(Conversation.merchant_id, Conversation.customer_id, last.label("at"))
        some = newest.order_by(last.desc(), col(Conversation.id).desc()).offset(offset).limit(limit).subquery()
        linked = (link.merchant_id == some.c.merchant_id, link.customer_id == some.c.customer_id)
        query = select(Contact.id, func.max(some.c.at)).join(link, col(link.contact_id) == col(Contact.id))
        stale = query.join(some, linked[0] & linked[1]).where(some.c.at > col(Contact.last_seen_at))
        found: dict[int, int] = dict((await session.exec(stale.group_by(col(Contact.id)))).all())
        if not found:
            break
        for number, at in found.items():
            changed[number] = max(at, changed.get(number, 0))
        offset += limit
    for number, at in changed.items():
        await session.exec(update(Contact).where(col(Contact.id) == number).values(last_seen_at=at))
    return len(changed)


async def is_blocked(session: AsyncSession, merchant_id: str, customer_id: str, *, lock: bool = False) -> bool:
    """Whether the shop has blocked this buyer; with `lock` the answer holds until the end of the write unit."""
    link = (ContactCustomer.merchant_id == merchant_id, ContactCustomer.customer_id == customer_id)
    query = select(Contact.blocked_at).join(ContactCustomer, col(ContactCustomer.contact_id) == col(Contact.id))
    found = (await session.exec(query.where(*link).with_for_update(of=Contact) if lock else query.where(*link))).first()
    return found is not None
