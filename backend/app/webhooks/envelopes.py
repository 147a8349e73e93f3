"""Bodies of webhooks: one envelope that is a CloudEvents 1.0 event and a Standard Webhooks payload at once.

A body is made once and kept, so that every retry sends the same bytes.
"""

from datetime import UTC, datetime
from typing import Any

import orjson

from app.chat import frames
from app.chat.models import ConversationPublic, Message
from app.kernel.config import Settings
from app.webhooks.event_types import schema_url

MAX_BODY = 20_000  # bytes, the limit of Standard Webhooks
_LEFT_OUT = {"last_message", "last_message_type", "last_sender_id", "last_message_time"}
_OF_THE_DESK = {"customer_unread", "merchant_unread", "customer_read_seq", "merchant_read_seq", "is_blocked"}


def id_of(event_id: int) -> str:
    """The `webhook-id`, the same in every retry and replay: by it receivers know a double."""
    return f"evt_{event_id}"


def envelope(
    settings: Settings, event_id: int, event_type: str, merchant_id: str, subject: str | None, at: int,
    data: dict[str, Any],
) -> bytes:  # fmt: skip
    """The JSON of an event. `at`: when it happened, in seconds."""
    time = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {
        "specversion": "1.0",
        "id": id_of(event_id),
        "type": event_type,
        "source": f"/shops/{merchant_id}",
        "subject": subject,
        "time": time,
        "timestamp": time,
        "datacontenttype": "application/json",
        "dataschema": schema_url(settings, event_type),
        "data": data,
    }
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})


def conversation(public: ConversationPublic) -> dict[str, Any]:
    """A conversation as the shop's systems see it: without the last message, which has an event of its own."""
    return public.model_dump(mode="json", exclude=_LEFT_OUT | _OF_THE_DESK)


def message(settings: Settings, row: Message) -> dict[str, Any]:
    """A message. Everything in it was seen by both sides."""
    return {
        "id": str(row.id),
        "conversation_id": str(row.conversation_id),
        "seq": row.seq,
        "client_id": row.client_id,
        "sender_id": row.sender_id,
        "sender_role": str(row.sender_role),
        "content": row.content,
        "is_content_cut": False,
        "message_type": str(row.message_type),
        "attachments": frames.attachments(row.attachments, settings),
        "reply_to": None if row.reply_to is None else str(row.reply_to),
        "created_at": row.created_at,
    }


def cut(body: bytes, shown: dict[str, Any], pack: Any) -> bytes:
    """`body` as it is, or packed again with so much of the message's content as fits."""
    if len(body) <= MAX_BODY:
        return body
    content: str = shown["content"]
    room = len(orjson.dumps(content)) - (len(body) - MAX_BODY) - 8  # `false` may become `true`, quotes stay
    low, high = 0, len(content)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(orjson.dumps(content[:middle])) <= room else (low, middle - 1)
    shown |= {"content": content[:low], "is_content_cut": True}
    packed: bytes = pack()
    return packed
