"""The end of a contact with everything: its conversations are resolved and deleted by a task, the entry at the end.

What the shop's people wrote goes too, and cannot come back; the buyer's account and other shops' conversations stay.
"""

from functools import partial
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, platform
from app.chat import contacts, conversations, retention
from app.chat.contacts_models import Contact, ContactCustomer
from app.chat.conversations import ConversationChange
from app.chat.models import Conversation, Status
from app.chat.retention import Old
from app.chat.visits import Visit
from app.files import sweeps
from app.files.storage.local import LocalStorage
from app.jobs import queue
from app.jobs.kinds import job
from app.jobs.models import Job
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.i18n import sentence
from app.kernel.identity import Identity, Role
from app.kernel.models import Id

KIND = "chat.erase_contact"
BATCH = 50


class ErasureOrder(BaseModel):
    """Whose conversations with which shop."""

    merchant_id: str
    contact_id: Id


async def order(session: AsyncSession, me: Identity, contact_id: int) -> Job:
    """Have a contact and its conversations deleted. The owner of the shop only (403)."""
    merchant_id = await access.owned_shop(session, me)
    await contacts.row(session, me, contact_id)
    wanted = ErasureOrder(merchant_id=merchant_id, contact_id=contact_id)
    return await queue.enqueue(session, KIND, wanted, owner_id=me.user_id, concurrency_key=f"erase-{contact_id}")


@job(KIND, ErasureOrder, title=sentence("Deletion of a contact"), soft_seconds=3000, hard_seconds=3600)
async def erase(run: Run, order: ErasureOrder) -> dict[str, Any]:
    """Resolve and delete the conversations of a contact, then the contact."""
    after, count = 0, 0
    shop = Identity(order.merchant_id, Role.MERCHANT, order.merchant_id, 0)
    while True:
        run.check()
        async with run.db.reading() as session:
            found = await _next(session, order, after)
        for number, _ in found:
            await run.db.write(partial(_resolve, shop=shop, conversation_id=number))
        for ids in retention.batches([Old(*row) for row in found]):
            gone = await run.db.write(partial(retention.remove, merchant_id=shop.user_id, ids=ids, until=now() + 2))
            await sweeps.discard(run.service(LocalStorage), gone.files)
            count += gone.conversations
        if len(found) < BATCH:
            break
        after = found[-1][0]
    result = {"conversations": count}
    await run.complete(partial(_forget, order=order), result)
    return result


async def _next(session: AsyncSession, order: ErasureOrder, after: int) -> list[tuple[int, int]]:
    customers = select(ContactCustomer.customer_id).where(
        ContactCustomer.merchant_id == order.merchant_id, ContactCustomer.contact_id == order.contact_id
    )
    theirs = (Conversation.merchant_id == order.merchant_id, col(Conversation.customer_id).in_(customers))
    query = select(Conversation.id, Conversation.last_seq).where(*theirs, col(Conversation.id) > after)
    return [(number, seq) for number, seq in await session.exec(query.order_by(col(Conversation.id)).limit(BATCH))]


async def _resolve(session: AsyncSession, shop: Identity, conversation_id: int) -> None:
    row = await session.get(Conversation, conversation_id)
    if row is not None and row.status is not Status.RESOLVED:
        actor = await platform.ensure(session)
        change = ConversationChange(status=Status.RESOLVED)
        await conversations.change(session, shop, conversation_id, change, actor=actor)


async def _forget(session: AsyncSession, order: ErasureOrder) -> None:
    row = await session.get(Contact, order.contact_id)
    if row is not None and row.merchant_id == order.merchant_id:
        theirs = col(Visit.customer_id).in_(await contacts.customer_ids(session, row.id))
        await session.exec(delete(Visit).where(col(Visit.merchant_id) == order.merchant_id, theirs))
        await session.delete(row)
        await session.flush()
