"""What the platform's people did in the demo: an ordinary day of looking after two shops, for the audit log."""

from collections.abc import Sequence
from typing import Any

from app.audit.models import Action, AuditEntry
from app.chat.models import Conversation
from app.demo.people import Person
from app.kernel.identity import Role

MINUTE, HOUR = 60, 3600
SEEN = 4  # conversations that the admin opened
WORDS = ("退款", "torn bag")


def entries(cast: dict[str, Person], talks: Sequence[Conversation], at: int) -> list[AuditEntry]:
    """The oldest first, so that ids and times have one order."""
    admin = next(person for person in cast.values() if person.role is Role.ADMIN)
    latest = sorted(talks, key=lambda talk: talk.last_message_time, reverse=True)[:SEEN]
    acts: list[tuple[int, Action, dict[str, Any]]] = [(26 * HOUR, Action.WALL_WATCHED, {})]
    acts += [
        (25 * HOUR - number * 7 * MINUTE, Action.MESSAGES_SEARCHED, {"details": {"words": words}})
        for number, words in enumerate(WORDS)
    ]
    acts += [
        (24 * HOUR - number * 11 * MINUTE, Action.CONVERSATION_OPENED, _of(talk)) for number, talk in enumerate(latest)
    ]
    acts.append((20 * HOUR, Action.QUEUE_CHANGED, _queue(is_paused=True)))
    acts.append((20 * HOUR - 9 * MINUTE, Action.QUEUE_CHANGED, _queue(is_paused=False)))
    return [
        AuditEntry(actor_id=admin.id, action=action, at=at - ago, ip="203.0.113.7", **more)
        for ago, action, more in acts
    ]


def _of(talk: Conversation) -> dict[str, Any]:
    return {"subject_kind": "conversation", "subject_id": str(talk.id), "merchant_id": talk.merchant_id}


def _queue(*, is_paused: bool) -> dict[str, Any]:
    return {"subject_kind": "queue", "subject_id": "exports", "details": {"is_paused": is_paused}}
