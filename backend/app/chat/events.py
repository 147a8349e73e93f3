"""What happens in conversations. `MessageSent` is not among them: messages go from the writer straight to the hub."""

from app.chat.models import ActivityPublic, ConversationPublic, NotePublic
from app.kernel.events import Event


class ConversationStarted(Event):
    """A conversation exists since this transaction."""

    conversation: ConversationPublic


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


class NoteWritten(Event):
    """A private note is new or changed. Never for a buyer."""

    merchant_id: str
    note: NotePublic


class ActivityHappened(Event):
    """The merchant's side did something. Never for a buyer."""

    merchant_id: str
    activity: ActivityPublic
