"""How conversations leave: who sees what of them, in a fixed number of statements."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from app.accounts.models import User
from app.chat import labels
from app.chat.models import Conversation, ConversationPublic, PersonPublic, Priority
from app.files.urls import absolute
from app.kernel.config import Settings
from app.kernel.db import settings_in
from app.kernel.identity import Identity, Role

_Customer, _Shop = aliased(User), aliased(User)


def with_people(*conditions: ColumnElement[bool]) -> Select[Conversation, User, User]:
    """Conversations with both sides' users, in one statement."""
    return (
        select(Conversation, _Customer, _Shop)
        .join(_Customer, col(_Customer.id) == col(Conversation.customer_id))
        .join(_Shop, col(_Shop.id) == col(Conversation.merchant_id))
        .where(*conditions)
    )


async def public(
    session: AsyncSession, me: Identity, rows: Sequence[tuple[Conversation, User, User]]
) -> list[ConversationPublic]:
    """What `me` sees of `rows` (of `with_people`)."""
    names = {} if me.role is Role.BUYER else await labels.of(session, [row[0].id for row in rows])
    settings = settings_in(session)
    shown = [
        _shape(settings, conversation, customer, shop, names.get(conversation.id, []))
        for conversation, customer, shop in rows
    ]
    return [for_buyer(conversation) for conversation in shown] if me.role is Role.BUYER else shown


def for_buyer(conversation: ConversationPublic) -> ConversationPublic:
    """Without what is the merchant's side's own business: labels, priority, who is in charge, until when it sleeps."""
    hidden: dict[str, object] = {"labels": [], "priority": Priority.NORMAL, "assignee_id": None, "snoozed_until": None}
    return conversation.model_copy(update=hidden)


def _shape(
    settings: Settings, conversation: Conversation, customer: User, shop: User, names: list[str]
) -> ConversationPublic:
    values = conversation.model_dump(exclude={"open_key"})
    if conversation.last_seq == 0:
        values["last_message_time"] = None
    people = {"customer": _person(settings, customer), "merchant": _person(settings, shop)}
    return ConversationPublic.model_validate(values | people | {"labels": names})


def _person(settings: Settings, user: User) -> PersonPublic:
    avatar = absolute(settings, user.avatar)
    return PersonPublic(id=user.id, username=user.username, display_name=user.name, avatar=avatar)
