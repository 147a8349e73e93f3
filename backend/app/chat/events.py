"""What happens in conversations. `MessageSent` is not among them: messages go from the writer straight to the hub."""

from app.chat.contacts_models import ContactPublic
from app.chat.models import ActivityPublic, ConversationPublic
from app.chat.notes_models import NotePublic
from app.chat.threads_models import MentionPublic
from app.kernel.events import Event


class ConversationStarted(Event):
    """A conversation exists since this transaction."""

    conversation: ConversationPublic
    is_by_shop: bool = False
    """The shop spoke to the buyer first: so far the buyer has told it nothing."""


class ConversationChanged(Event):
    """Status, assignee, labels, priority or snooze are new; of these only the status is the buyer's business."""

    conversation: ConversationPublic
    is_status_new: bool


class ReadMarked(Event):
    """One side (`customer` or `merchant`) has read up to `seq`."""

    conversation_id: int
    customer_id: str
    merchant_id: str
    side: str
    seq: int


class MarkedUnread(Event):
    """The shop's read mark moved back. For the merchant's side only; a buyer's tick is not taken away."""

    conversation: ConversationPublic


class LabelsChanged(Event):
    """The labels of a shop are others: a name, a colour, one more or less. Conversations may bear a new name."""

    merchant_id: str
    labels: list[dict[str, str]]


class NoteWritten(Event):
    """A private note is new or changed. Never for a buyer."""

    merchant_id: str
    note: NotePublic


class NoteRemoved(Event):
    """A private note is gone. Never for a buyer."""

    merchant_id: str
    conversation_id: int
    id: int


class Mentioned(Event):
    """A private note names a colleague: for that person alone."""

    user_id: str
    mention: MentionPublic


class MessageDeleted(Event):
    """Its sender took a message back; its words and files are gone."""

    conversation_id: int
    customer_id: str
    merchant_id: str
    id: int
    seq: int


class ActivityHappened(Event):
    """The merchant's side did something. Never for a buyer."""

    merchant_id: str
    activity: ActivityPublic


class ContactChanged(Event):
    """A shop's entry is new or changed. `names`: what conversations with its buyers are called from now on."""

    merchant_id: str
    contact: ContactPublic
    names: dict[str, str]


class BuyerBlocked(Event):
    """A shop has blocked a buyer, or takes their messages again."""

    merchant_id: str
    customer_id: str
    is_blocked: bool
