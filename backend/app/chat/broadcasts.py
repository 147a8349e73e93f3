"""From what happened to frames and audiences: the push rules of conversations, in one place.

Buyer → merchant's side and all admins; merchant → buyer and all admins. Private notes and activities never go to `u:`.
"""

from collections.abc import Sequence
from typing import Any

from app.accounts.events import AvailabilityChanged
from app.chat import frames
from app.chat.events import (
    ActivityHappened,
    BuyerBlocked,
    ContactChanged,
    ConversationChanged,
    ConversationStarted,
    LabelsChanged,
    MarkedUnread,
    Mentioned,
    MessageDeleted,
    NoteRemoved,
    NoteWritten,
    ReadMarked,
)
from app.chat.hub import ADMINS, Delivery, Hub, job_watchers, person, team
from app.chat.models import ConversationPublic
from app.chat.plan import Sent
from app.chat.presence import Presence
from app.chat.shapes import for_buyer
from app.jobs.events import JobChanged
from app.kernel.config import Settings
from app.kernel.events import Event


class Broadcasts:
    """Turns committed facts into deliveries."""

    def __init__(self, settings: Settings, hub: Hub, presence: Presence) -> None:
        self._settings = settings
        self._hub = hub
        self._presence = presence

    def messages(self, sent: Sequence[tuple[Sent, object]]) -> None:
        """A committed batch: one publication for all of it."""
        self._hub.deliver(
            [
                Delivery(
                    (person(outcome.customer_id), team(outcome.merchant_id), ADMINS),
                    frames.message(outcome.message, self._settings),
                    origin,
                )
                for outcome, origin in sent
            ]
        )

    def events(self, happened: Sequence[Event]) -> None:
        """What a unit of work emitted, after its commit."""
        self._hub.deliver([delivery for event in happened for delivery in self._of(event)])

    def _of(self, event: Event) -> list[Delivery]:
        match event:
            case ConversationStarted(conversation=conversation):
                self._introduce(conversation.customer_id, conversation.merchant_id)
                return [self._for_the_shop(conversation), self._for_the_buyer(conversation)]
            case ConversationChanged(conversation=conversation, is_status_new=True):
                return [self._for_the_shop(conversation), self._for_the_buyer(conversation)]
            case ConversationChanged(conversation=conversation):
                return [self._for_the_shop(conversation)]
            case MarkedUnread(conversation=conversation):
                return [self._for_the_shop(conversation)]
            case ReadMarked():
                everybody = [person(event.customer_id), team(event.merchant_id), ADMINS]
                return [Delivery(everybody, frames.read(event.conversation_id, event.side, event.seq))]
            case LabelsChanged():
                news = {"type": "labels", "labels": event.labels}
                return [Delivery([team(event.merchant_id)], frames.dump(news))]
            case NoteWritten():
                return [self._inside(event.merchant_id, "note", event.note.model_dump(mode="json"))]
            case NoteRemoved(conversation_id=conversation_id, id=note_id):
                gone = {"type": "note_removed", "conversation_id": str(conversation_id), "id": str(note_id)}
                return [Delivery([team(event.merchant_id), ADMINS], frames.dump(gone))]
            case Mentioned(user_id=user_id, mention=mention):
                frame = frames.dump({"type": "mentioned", **mention.model_dump(mode="json")})
                return [Delivery([person(user_id)], frame)]
            case MessageDeleted():
                everybody = [person(event.customer_id), team(event.merchant_id), ADMINS]
                frame = frames.message_deleted(event.conversation_id, event.id, event.seq)
                return [Delivery(everybody, frame)]
            case ActivityHappened():
                return [self._inside(event.merchant_id, "activity", event.activity.model_dump(mode="json"))]
            case ContactChanged(contact=contact, names=names):
                fields = {"contact": contact.model_dump(mode="json"), "names": names}
                return [Delivery([team(event.merchant_id)], frames.dump({"type": "contact", **fields}))]
            case BuyerBlocked(customer_id=customer_id, merchant_id=merchant_id, is_blocked=is_blocked):
                said = {"type": "blocked", "merchant_id": merchant_id, "customer_id": customer_id, "on": is_blocked}
                return [Delivery([person(customer_id), team(merchant_id)], frames.dump(said))]
            case AvailabilityChanged():
                frame = frames.availability(event.user_id, event.availability)
                return [Delivery([team(event.merchant_id)], frame)]
            case JobChanged():
                # An admin is in the admins' audience already.
                owner = [person(event.owner_id)] if event.owner_id and not event.owner_id.startswith("a") else []
                return [Delivery([*owner, ADMINS, job_watchers(event.job_id)], frames.task(event.job))]
        return []

    def _for_the_shop(self, conversation: ConversationPublic) -> Delivery:
        return Delivery([team(conversation.merchant_id), ADMINS], frames.conversation(conversation))

    def _for_the_buyer(self, conversation: ConversationPublic) -> Delivery:
        return Delivery([person(conversation.customer_id)], frames.conversation(for_buyer(conversation)))

    def _inside(self, merchant_id: str, kind: str, fields: dict[str, Any]) -> Delivery:
        return Delivery([team(merchant_id), ADMINS], frames.dump({"type": kind, kind: fields}))

    def _introduce(self, customer_id: str, merchant_id: str) -> None:
        for socket in self._hub.members(person(customer_id)):
            self._presence.met(socket, merchant_id)
