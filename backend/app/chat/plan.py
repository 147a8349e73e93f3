"""What a batch of drafts becomes, decided on locked rows: pure, the same for every database."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.chat.drafts import Draft, MessageRow
from app.chat.models import MAX_PREVIEW, Status
from app.kernel.errors import AppError, Conflict, Forbidden, NotFound, read_only
from app.kernel.identity import Role
from app.kernel.ids import new_id


@dataclass(slots=True)
class Standing:
    """What the plan needs to know of a conversation, and changes as it goes."""

    id: int
    customer_id: str
    merchant_id: str
    status: str
    last_seq: int
    customer_unread: int
    merchant_unread: int
    waiting_since: int | None
    is_blocked: bool = False
    """By the shop: its buyer reads and does not write."""


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
_ASLEEP = frozenset({Status.RESOLVED.value, Status.SNOOZED.value})
_FOR_THE_SHOP = frozenset({Role.MERCHANT, Role.PLATFORM})
Key = tuple[int, str]


@dataclass(slots=True)
class Plan:
    """One outcome per draft in their order, and the rows that make them true."""

    outcomes: list[Outcome] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    standings: dict[int, Standing] = field(default_factory=dict)
    """The conversations that change, as they stand afterwards."""
    _last: dict[int, MessageRow] = field(default_factory=dict)

    def updates(self) -> list[ConversationUpdate]:
        """What to write of the conversations, in id order, so that two writers cannot lock each other out."""
        return [_update(self.standings[number], self._last[number]) for number in sorted(self.standings)]


def make(
    drafts: Sequence[Draft],
    conversations: Mapping[int, Standing],
    known: Mapping[Key, MessageRow],
    replied_to: Mapping[int, int],
    now: int,
) -> Plan:
    """Decide every draft.

    `known`: messages that bear a draft's name already; `replied_to`: message id → conversation id.
    """
    plan = Plan()
    placed: dict[Key, MessageRow] = dict(known)
    for draft in drafts:
        number = draft.conversation_id
        standing = plan.standings.get(number) or conversations.get(number)
        refusal = _refusal(draft, standing, replied_to)
        if refusal is not None or standing is None:
            plan.outcomes.append(refusal or _not_found())
            continue
        earlier = placed.get((number, draft.client_id))
        if earlier is not None:
            plan.outcomes.append(_again(draft, earlier, standing))
            continue
        if standing.is_blocked and draft.sender.role is Role.BUYER:
            plan.outcomes.append(blocked())
            continue
        if number not in plan.standings:
            standing = plan.standings[number] = copy(standing)
        message = _place(draft, standing, now)
        placed[number, draft.client_id] = plan._last[number] = message
        plan.messages.append(message)
        plan.outcomes.append(Sent(message, standing.customer_id, standing.merchant_id, False))
    return plan


def _refusal(draft: Draft, conversation: Standing | None, replied_to: Mapping[int, int]) -> AppError | None:
    sender = draft.sender
    if sender.role is Role.ADMIN:
        return read_only()
    if conversation is None:
        return _not_found()
    is_customer = sender.role is Role.BUYER and sender.user_id == conversation.customer_id
    is_merchant = sender.role in _FOR_THE_SHOP and sender.merchant_id == conversation.merchant_id
    if not is_customer and not is_merchant:
        return _not_found()
    if draft.reply_to is not None and replied_to.get(draft.reply_to) != conversation.id:
        return NotFound("reply_to_not_found", "The message that you answer is not in this conversation.")
    return None


def blocked() -> AppError:
    """The answer to a buyer whom the shop has blocked."""
    return Forbidden("blocked_by_shop", "This shop does not take messages from you at the moment.")


def _not_found() -> AppError:
    return NotFound("conversation_not_found", "There is no such conversation.")


def _again(draft: Draft, earlier: MessageRow, conversation: Standing) -> Outcome:
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


def _place(draft: Draft, standing: Standing, now: int) -> MessageRow:
    """The next message of `standing`: a buyer's starts the waiting clock and reopens, a person's answer stops it.

    What the product says by itself is no answer: who was told that the shop is closed still waits.
    """
    sender = draft.sender
    standing.last_seq += 1
    if sender.role is Role.BUYER:
        standing.merchant_unread += 1
        standing.waiting_since = standing.waiting_since or now
        if standing.status in _ASLEEP:
            standing.status = Status.OPEN.value
    else:
        standing.customer_unread += 1
        if sender.role is not Role.PLATFORM:
            standing.waiting_since = None
    return MessageRow(
        new_id(),
        draft.conversation_id,
        standing.last_seq,
        draft.client_id,
        sender.user_id,
        sender.role.value,
        draft.content,
        draft.message_type,
        draft.attachments,
        draft.reply_to,
        now,
    )


def _update(standing: Standing, message: MessageRow) -> ConversationUpdate:
    preview = message.content.strip()[:MAX_PREVIEW] or next((a["name"] for a in message.attachments or ()), "")
    return ConversationUpdate(
        standing.id,
        standing.status,
        standing.last_seq,
        preview,
        message.message_type,
        message.sender_id,
        message.created_at,
        standing.customer_unread,
        standing.merchant_unread,
        standing.waiting_since,
    )
