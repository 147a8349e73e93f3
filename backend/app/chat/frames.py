"""The frames that the server sends, as JSON in UTF-8. `protocol.md` is their contract."""

from collections.abc import Sequence
from typing import Any

import orjson

from app.chat.drafts import MessageRow
from app.chat.models import ConversationPublic
from app.files.urls import absolute
from app.jobs import shapes
from app.kernel import clock
from app.kernel.config import Settings
from app.kernel.errors import AppError
from app.kernel.i18n import LOCALES, translate

PROTOCOL = "parley.v1"
HEARTBEAT_SECONDS = 20


def dump(frame: dict[str, Any]) -> bytes:
    """JSON of a frame."""
    return orjson.dumps(frame)


def message(row: MessageRow, settings: Settings) -> bytes:
    """`message`, the same for every reader."""
    return dump(
        {
            "type": "message",
            "id": str(row.id),
            "seq": row.seq,
            "conversation_id": str(row.conversation_id),
            "client_id": row.client_id,
            "sender_id": row.sender_id,
            "sender_role": row.sender_role,
            "content": row.content,
            "message_type": row.message_type,
            "attachments": attachments(row.attachments, settings),
            "reply_to": None if row.reply_to is None else str(row.reply_to),
            "timestamp": row.created_at,
        }
    )


def task(job: dict[str, Any]) -> bytes:
    """`task`: how a job stands, in English, with its sentences in the other languages beside it."""
    said = {locale: shapes.public(job, locale).model_dump(mode="json", exclude={"trace"}) for locale in LOCALES}
    sentences = {
        locale: {name: one[name] for name in ("title", "message", "error")}
        for locale, one in said.items()
        if locale != "en"
    }
    return dump({"type": "task", "task": said["en"], "translations": sentences})


def attachments(stored: Sequence[dict[str, Any]] | None, settings: Settings) -> list[dict[str, Any]]:
    """Attachment snapshots with absolute links."""
    return [
        attachment
        | {
            "url": absolute(settings, attachment["url"]),
            "thumbnail_url": attachment.get("thumbnail_url") and absolute(settings, attachment["thumbnail_url"]),
        }
        for attachment in stored or ()
    ]


def sent(row: MessageRow) -> bytes:
    """`sent`: the answer to `send`, after the commit."""
    return dump(
        {
            "type": "sent",
            "client_id": row.client_id,
            "conversation_id": str(row.conversation_id),
            "id": str(row.id),
            "seq": row.seq,
            "timestamp": row.created_at,
        }
    )


def error(problem: AppError, locale: str, client_id: object = None) -> bytes:
    """`error` in the caller's language; with `client_id` when a `send` was refused."""
    frame: dict[str, Any] = {
        "type": "error",
        "status": problem.status,
        "code": problem.code,
        "detail": translate(problem.text, locale, **problem.params),
    }
    if isinstance(client_id, str):
        frame["client_id"] = client_id
    return dump(frame)


def ready(user_id: str, role: str) -> bytes:
    """`ready`: the caller is known."""
    return dump(
        {
            "type": "ready",
            "user_id": user_id,
            "role": role,
            "heartbeat": HEARTBEAT_SECONDS,
            "server_time": clock.now(),
            "protocol": PROTOCOL,
        }
    )


def online_users(users: Sequence[str]) -> bytes:
    """`online_users`: those with whom the caller shares a conversation."""
    return dump({"type": "online_users", "users": sorted(users), "timestamp": clock.now()})


def status(user_id: str, is_online: bool) -> bytes:
    """`status`: somebody came or went."""
    word = "online" if is_online else "offline"
    return dump({"type": "status", "user_id": user_id, "status": word, "timestamp": clock.now()})


def read(conversation_id: int, side: str, seq: int) -> bytes:
    """`read`: a side's read mark moved."""
    return dump({"type": "read", "conversation_id": str(conversation_id), "side": side, "seq": seq})


def typing(conversation_id: int, user_id: str, is_on: bool, text: str | None = None) -> bytes:
    """`typing`; with what the buyer has typed so far, where the shop looks on."""
    frame: dict[str, Any] = {"type": "typing", "conversation_id": str(conversation_id), "user_id": user_id, "on": is_on}
    return dump(frame if text is None else frame | {"text": text})


def conversation(public: ConversationPublic) -> bytes:
    """`conversation`: the whole new state."""
    return dump({"type": "conversation", "conversation": public.model_dump(mode="json")})


def message_deleted(conversation_id: int, message_id: int, seq: int) -> bytes:
    """`message_deleted`: its words and files are gone; the message keeps its place."""
    return dump({"type": "message_deleted", "conversation_id": str(conversation_id), "id": str(message_id), "seq": seq})


def viewing(conversation_id: int, user_ids: Sequence[str]) -> bytes:
    """`viewing`: who of the team has this conversation before their eyes."""
    return dump({"type": "viewing", "conversation_id": str(conversation_id), "user_ids": list(user_ids)})


def queue(conversation_id: int, position: int | None) -> bytes:
    """`queue`: the buyer's place, from 1; null when nobody waits there any more."""
    return dump({"type": "queue", "conversation_id": str(conversation_id), "position": position})


def availability(user_id: str, chosen: str) -> bytes:
    """`availability`: a colleague chose online, busy or away."""
    return dump({"type": "availability", "user_id": user_id, "availability": chosen})


RESYNC = dump({"type": "resync"})
