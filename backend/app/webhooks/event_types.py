"""Which events there are. A name is `<thing>.<past tense>.v<n>`; within one version only optional fields are added."""

from dataclasses import dataclass

from app.kernel.config import PROJECT_ROOT, Settings
from app.kernel.i18n import sentence

SCHEMAS = PROJECT_ROOT / "docs" / "event-schemas"
MESSAGE_CREATED = "message.created.v1"
CONVERSATION_CREATED = "conversation.created.v1"
CONVERSATION_UPDATED = "conversation.updated.v1"
AUTOMATION_TRIGGERED = "automation.triggered.v1"
TEST = "webhook.tested.v1"


@dataclass(frozen=True, slots=True)
class EventType:
    """`is_chosen`: endpoints subscribe to it; a test goes to the endpoint that is tested."""

    name: str
    text: str
    is_chosen: bool = True


ALL = {
    one.name: one
    for one in (
        EventType(MESSAGE_CREATED, sentence("Somebody wrote a message. Private notes are never sent.")),
        EventType(CONVERSATION_CREATED, sentence("A buyer and the shop began a conversation.")),
        EventType(CONVERSATION_UPDATED, sentence("Status, person in charge, labels, priority or snooze changed.")),
        EventType(AUTOMATION_TRIGGERED, sentence("One of your rules sent an event.")),
        EventType(TEST, sentence("A test that you sent yourself."), is_chosen=False),
    )
}
CHOSEN = tuple(one.name for one in ALL.values() if one.is_chosen)


def schema_url(settings: Settings, name: str) -> str:
    """Where the JSON Schema of a type is. Absolute, as CloudEvents wants `dataschema`."""
    return f"{settings.base_url}/event-schemas/{name}.json"
