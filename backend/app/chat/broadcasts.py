"""From what happened to frames and audiences: the push rules of conversations, in one place.

Buyer → merchant's side and all admins; merchant → buyer and all admins. Private notes and activities never go to `u:`.
"""

from collections.abc import Sequence
from typing import Any

from app.chat import frames
from app.chat.events import ActivityHappened, ConversationChanged, ConversationStarted, NoteWritten, ReadMarked
from app.chat.hub import ADMINS, Delivery, Hub, person, team
from app.chat.models import ConversationPublic
from app.chat.plan import Sent
from app.chat.presence import Presence
from app.chat.shapes import for_buyer
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
            case ReadMarked():
                everybody = [person(event.customer_id), team(event.merchant_id), ADMINS]
                return [Delivery(everybody, frames.read(event.conversation_id, event.side, event.seq))]
            case NoteWritten():
                return [self._inside(event.merchant_id, "note", event.note.model_dump(mode="json"))]
            case ActivityHappened():
                return [self._inside(event.merchant_id, "activity", event.activity.model_dump(mode="json"))]
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
