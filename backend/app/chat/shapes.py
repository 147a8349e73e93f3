"""How conversations leave: who sees what of them, in a fixed number of statements.

Rows are read as columns, not as objects: a page of twenty needs sixty objects otherwise, and most of its time.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.chat import labels
from app.chat.contacts_models import Contact, ContactCustomer
from app.chat.models import Conversation, ConversationPublic, Priority
from app.files.urls import absolute
from app.kernel.config import Settings
from app.kernel.db import settings_in
from app.kernel.identity import Identity, Role
from app.kernel.sql import table_of

_CONVERSATION = table_of(Conversation)
_CUSTOMER, _SHOP = table_of(User).alias("customer"), table_of(User).alias("shop")
_SEEN_OF_A_PERSON = ("username", "display_name", "avatar")
_COLUMNS = [column for column in _CONVERSATION.columns if column.name != "open_key" and column.computed is None]
_PEOPLE = [
    person.columns[name].label(f"{person.name}_{name}") for person in (_CUSTOMER, _SHOP) for name in _SEEN_OF_A_PERSON
]

_LINK, _CONTACT = table_of(ContactCustomer), table_of(Contact)

_WITH_PEOPLE = (
    select(*_COLUMNS, *_PEOPLE, _CONTACT.c.name.label("contact_name"))
    .join_from(_CONVERSATION, _CUSTOMER, _CUSTOMER.c.id == _CONVERSATION.c.customer_id)
    .join(_SHOP, _SHOP.c.id == _CONVERSATION.c.merchant_id)
    # At most one contact of the shop stands for a buyer, so that the joins add no rows. Two of them: SQLite would write
    # a nested one down first.
    .outerjoin(
        _LINK,
        and_(_LINK.c.merchant_id == _CONVERSATION.c.merchant_id, _LINK.c.customer_id == _CONVERSATION.c.customer_id),
    )
    .outerjoin(_CONTACT, _CONTACT.c.id == _LINK.c.contact_id)
)


def with_people(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Conversations with what is seen of both sides, in one statement; for `rows_of` and `public`."""
    return _WITH_PEOPLE.where(*conditions)


async def rows_of(session: AsyncSession, query: Select[Any]) -> Sequence[Row[Any]]:
    """The rows of a `with_people`."""
    connection = await session.connection()
    rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
    return rows


async def public(session: AsyncSession, me: Identity, rows: Sequence[Row[Any]]) -> list[ConversationPublic]:
    """What `me` sees of `rows`."""
    names = {} if me.role is Role.BUYER else await labels.of(session, [row.id for row in rows])
    settings = settings_in(session)
    shown = [_shape(settings, row, names.get(row.id, [])) for row in rows]
    return [for_buyer(conversation) for conversation in shown] if me.role is Role.BUYER else shown


def for_buyer(conversation: ConversationPublic) -> ConversationPublic:
    """Without what is the merchant's side's own business: labels, priority, who is in charge, until when it sleeps, and

    what the shop calls the buyer.
    """
    hidden: dict[str, object] = {"labels": [], "priority": Priority.NORMAL, "assignee_id": None, "snoozed_until": None}
    customer = conversation.customer.model_copy(update={"display_name": conversation.own_name})
    return conversation.model_copy(
        update=hidden
        | {
            "customer": customer,
            "merchant_read_seq": conversation.merchant_seen_seq,
            "merchant_unread": unread_for_buyer(
                conversation.merchant_unread, conversation.merchant_read_seq, conversation.merchant_seen_seq
            ),
        }
    )


def unread_for_buyer(unread: int, read_seq: int, seen_seq: int) -> int:
    """How much the shop has not read, without the one message that it marked as unread after it had seen it."""
    return max(0, unread - 1) if read_seq < seen_seq else unread


def _shape(settings: Settings, row: Row[Any], names: list[str]) -> ConversationPublic:
    values = dict(row._mapping)
    if row.last_seq == 0:
        values["last_message_time"] = None
    customer = values["customer"] = _person(settings, row.customer_id, values, "customer")
    values["own_name"] = customer["display_name"]
    customer["display_name"] = row.contact_name or customer["display_name"]
    values["merchant"] = _person(settings, row.merchant_id, values, "shop")
    values["labels"] = names
    return ConversationPublic.model_validate(values)


def _person(settings: Settings, user_id: str, values: dict[str, Any], which: str) -> dict[str, Any]:
    username = values[f"{which}_username"]
    return {
        "id": user_id,
        "username": username,
        "display_name": values[f"{which}_display_name"] or username,
        "avatar": absolute(settings, values[f"{which}_avatar"]),
    }
