"""What a buyer says of themselves before the first message, and what the shop's key says: both fill gaps of its book.

What a buyer says is no proof: nothing opens with it, and nothing that the shop wrote down is replaced.
"""

from typing import Annotated

from pydantic import BaseModel, StringConstraints
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import customers
from app.accounts.models import User
from app.accounts.names import Line, Phone
from app.chat import access, contacts, contacts_buyers
from app.chat.contacts_models import Contact, ContactCustomer, Email
from app.chat.events import ConversationStarted
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import Conflict
from app.kernel.identity import Identity


class Introduction(BaseModel):
    """Name, e-mail address and phone number, as far as the shop asks for them."""

    name: Annotated[Line, StringConstraints(max_length=100)] = ""
    email: Email | None = None
    phone: Phone | None = None


def listen() -> None:
    """From now on in this process; after the address book, which makes the contact."""
    events.listen(ConversationStarted, _started)


async def introduce(session: AsyncSession, me: Identity, conversation_id: int, said: Introduction) -> None:
    """Note it for the shop of the caller's own conversation. Another contact keeps its address."""
    row = await access.conversation(session, me, conversation_id)
    await contacts_buyers.check_not_blocked(session, me, row.merchant_id)
    user = await session.get_one(User, me.user_id)
    if said.name and not user.display_name:
        user.sqlmodel_update({"display_name": said.name, "updated_at": now()})
        session.add(user)
        await session.flush()
    await fill(session, row.merchant_id, me.user_id, said)


async def fill(session: AsyncSession, merchant_id: str, customer_id: str, said: Introduction) -> None:
    """Write down what the shop does not know yet. An address that it has under another contact stays with that one."""
    await contacts_buyers.ensure(session, merchant_id, customer_id)
    link = await session.get_one(ContactCustomer, (merchant_id, customer_id))
    contact = await session.get_one(Contact, link.contact_id, with_for_update=True)
    for field, value in said.model_dump().items():
        if not value or getattr(contact, field):
            continue
        try:
            async with session.begin_nested():
                contact.sqlmodel_update({field: value, "updated_at": now()})
                await contacts.kept(session, contact)
        except Conflict:  # whose it is, nobody has proved
            await session.refresh(contact)


async def vouched(session: AsyncSession, merchant_id: str, customer_id: str) -> None:
    """What the shop's own key said of its customer."""
    proof = await customers.identity_of(session, merchant_id, customer_id)
    if proof is not None:
        said = Introduction.model_construct(name=proof.name, email=proof.email, phone=proof.phone)
        await fill(session, merchant_id, customer_id, said)


async def _started(session: AsyncSession, event: ConversationStarted) -> None:
    await vouched(session, event.conversation.merchant_id, event.conversation.customer_id)
