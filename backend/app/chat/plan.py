"""What a batch of drafts becomes, decided on locked rows: pure, the same for every database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.chat.drafts import Draft, MessageRow
from app.chat.models import MAX_PREVIEW, Status
from app.kernel.errors import AppError, Conflict, Forbidden, NotFound
from app.kernel.identity import Role
from app.kernel.ids import new_id


class LockedConversation(NamedTuple):
    """What the plan needs to know of a conversation, read under its row lock."""

    id: int
    customer_id: str
    merchant_id: str
    status: str
    last_seq: int
    customer_unread: int
    merchant_unread: int
    waiting_since: int | None


class ConversationUpdate(NamedTuple):
    """New values of a conversation, in the order in which the stores write them."""

    id: int
    status: str
    last_seq: int
    last_message: str
    last_message_type: str
    last_sender_id: str
    last_message_time: int
    customer_unread: int
    merchant_unread: int
    waiting_since: int | None


class Sent(NamedTuple):
    """The answer to a draft: its message, whom it concerns, and whether it was there before."""

    message: MessageRow
    customer_id: str
    merchant_id: str
    is_replay: bool


Outcome = Sent | AppError
Key = tuple[int, str]


@dataclass(slots=True)
class Plan:
    """One outcome per draft in their order, and the rows that make them true."""

    outcomes: list[Outcome] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    updates: dict[int, ConversationUpdate] = field(default_factory=dict)


def make(
    drafts: Sequence[Draft],
    conversations: Mapping[int, LockedConversation],
    known: Mapping[Key, MessageRow],
    replied_to: Mapping[int, int],
    now: int,
) -> Plan:
    """Decide every draft. `known`: messages that already bear a draft's name; `replied_to`: message id → conversation id."""
    plan = Plan()
    placed: dict[Key, MessageRow] = dict(known)
    current = dict(conversations)
    for draft in drafts:
        conversation = current.get(draft.conversation_id)
        refusal = _refusal(draft, conversation, replied_to)
        if refusal is not None or conversation is None:
            plan.outcomes.append(refusal or _not_found())
            continue
        key = (draft.conversation_id, draft.client_id)
        earlier = placed.get(key)
        if earlier is not None:
            plan.outcomes.append(_again(draft, earlier, conversation))
            continue
        message = _message(draft, conversation.last_seq + 1, now)
        placed[key] = message
        current[conversation.id], plan.updates[conversation.id] = _advance(conversation, message, now)
        plan.messages.append(message)
        plan.outcomes.append(Sent(message, conversation.customer_id, conversation.merchant_id, False))
    return plan


def _refusal(draft: Draft, conversation: LockedConversation | None, replied_to: Mapping[int, int]) -> AppError | None:
    sender = draft.sender
    if sender.role is Role.ADMIN:
        return read_only()
    if conversation is None:
        return _not_found()
    is_customer = sender.role is Role.BUYER and sender.user_id == conversation.customer_id
    is_merchant = sender.role is Role.MERCHANT and sender.merchant_id == conversation.merchant_id
    if not is_customer and not is_merchant:
        return _not_found()
    if draft.reply_to is not None and replied_to.get(draft.reply_to) != conversation.id:
        return NotFound("reply_to_not_found", "The message that you answer is not in this conversation.")
    return None


def read_only() -> AppError:
    """The answer to every admin who tries to write."""
    return Forbidden("read_only", "Admins read conversations and write in none.")


def _not_found() -> AppError:
    return NotFound("conversation_not_found", "There is no such conversation.")


def _again(draft: Draft, earlier: MessageRow, conversation: LockedConversation) -> Outcome:
    is_same = (
        earlier.sender_id == draft.sender.user_id
        and earlier.content == draft.content
        and earlier.message_type == draft.message_type
        and earlier.reply_to == draft.reply_to
        and _file_ids(earlier.attachments) == _file_ids(draft.attachments)
    )
    if is_same:
        return Sent(earlier, conversation.customer_id, conversation.merchant_id, True)
    return Conflict("client_id_reused", "This client_id already names another message.")


def _file_ids(attachments: list[dict[str, Any]] | None) -> list[str]:
    return [attachment["id"] for attachment in attachments or ()]


def _message(draft: Draft, seq: int, now: int) -> MessageRow:
    return MessageRow(
        new_id(),
        draft.conversation_id,
        seq,
        draft.client_id,
        draft.sender.user_id,
        draft.sender.role.value,
        draft.content,
        draft.message_type,
        draft.attachments,
        draft.reply_to,
        now,
    )


def _advance(
    conversation: LockedConversation, message: MessageRow, now: int
) -> tuple[LockedConversation, ConversationUpdate]:
    """The conversation after `message`: a buyer's message starts the waiting clock and reopens, an answer stops it."""
    by_customer = message.sender_id == conversation.customer_id
    asleep = by_customer and conversation.status in (Status.RESOLVED, Status.SNOOZED)
    waiting = (conversation.waiting_since or now) if by_customer else None
    after = conversation._replace(
        status=Status.OPEN.value if asleep else conversation.status,
        last_seq=message.seq,
        customer_unread=conversation.customer_unread + (not by_customer),
        merchant_unread=conversation.merchant_unread + by_customer,
        waiting_since=waiting,
    )
    preview = message.content.strip()[:MAX_PREVIEW] or next((a["name"] for a in message.attachments or ()), "")
    return after, ConversationUpdate(
        after.id,
        after.status,
        after.last_seq,
        preview,
        message.message_type,
        message.sender_id,
        now,
        after.customer_unread,
        after.merchant_unread,
        after.waiting_since,
    )
