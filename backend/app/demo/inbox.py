"""What makes the demo's list worth sorting: where conversations began, how urgent some are, and two saved views."""

from collections.abc import Sequence

from app.chat.models import Activity, Channel, Priority, Status
from app.chat.views_models import View
from app.demo.transcripts import Transcript

SHOP, AGENT = "m1", "m2"
CHANNELS = (Channel.WIDGET, Channel.WIDGET, Channel.PAGE, Channel.WIDGET, Channel.API)
URGENCY = {2: Priority.URGENT, 5: Priority.HIGH, 9: Priority.HIGH, 12: Priority.LOW}
"""Place among those who wait, the newest first → how urgent."""
URGENT_AFTER_SECONDS = 30


def dress(told: Sequence[Transcript]) -> None:
    """Channels for all, priorities for a few of those who wait, each with the line that tells of it."""
    for number, transcript in enumerate(told):
        transcript.conversation.channel = CHANNELS[number % len(CHANNELS)]
    waiting = [
        transcript
        for transcript in told
        if transcript.conversation.merchant_id == SHOP
        and transcript.conversation.status is Status.OPEN
        and transcript.conversation.priority is Priority.NORMAL
        and transcript.conversation.waiting_since is not None
    ]
    waiting.sort(key=lambda transcript: transcript.conversation.last_message_time, reverse=True)
    for place, priority in URGENCY.items():
        if place < len(waiting):
            _raise(waiting[place], priority)


def views(at: int) -> list[View]:
    """One for the whole team, one of an agent's own."""
    waiting = {"status": Status.OPEN.value, "waiting_minutes": 5}
    gifts = {"status": Status.OPEN.value, "label": ["礼盒"]}
    return [
        View(
            merchant_id=SHOP, user_id=SHOP, name="久等的客人 · Waiting", is_shared=True,
            filters=waiting, sort="waiting", created_at=at, updated_at=at,
        ),
        View(merchant_id=SHOP, user_id=AGENT, name="礼盒", filters=gifts, created_at=at, updated_at=at),
    ]  # fmt: skip


def _raise(transcript: Transcript, priority: Priority) -> None:
    conversation = transcript.conversation
    conversation.priority = priority
    transcript.activities.append(
        Activity(
            conversation_id=conversation.id,
            actor_id=AGENT,
            kind="priority",
            value=priority.value,
            after_seq=conversation.last_seq,
            created_at=conversation.last_message_time + URGENT_AFTER_SECONDS,
        )
    )
