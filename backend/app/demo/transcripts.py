"""What a script leaves in the tables, as if lived through: seqs, unread counts, waiting clock, activities."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.chat.models import (
    MAX_PREVIEW,
    Activity,
    Conversation,
    ConversationLabel,
    Message,
    MessageType,
    Priority,
    Status,
)
from app.chat.notes_models import Note
from app.demo.people import Person
from app.demo.scripts import Line, Script, seconds_of

Attachment = dict[str, Any]


@dataclass
class Transcript:
    """The rows of one conversation. `pictures`: for each image message its picture, for whoever stores the files."""

    conversation: Conversation
    messages: list[Message] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    labels: list[ConversationLabel] = field(default_factory=list)
    pictures: list[tuple[Message, str]] = field(default_factory=list)


def written(script: Script, people: Mapping[str, Person]) -> Transcript:
    """The rows of `script`. A name that nobody bears is a KeyError: the demo is wrong, not the machine."""
    first, last = script.lines[0], script.lines[-1]
    conversation = Conversation(
        customer_id=people[script.buyer].id,
        merchant_id=people[script.merchant].id,
        created_at=first.at,
        updated_at=last.at,
    )
    transcript = Transcript(conversation)
    for line in script.lines:
        who = people[script.buyer if line.who == "b" else line.who]
        if line.kind in ("text", "image"):
            _say(transcript, who, line)
        elif line.kind == "note":
            _note(transcript, who, line)
        else:
            _act(transcript, who, line, people)
    _read(transcript, script)
    if conversation.status is not Status.RESOLVED:
        conversation.open_key = f"{conversation.customer_id}:{conversation.merchant_id}"
    return transcript


def file_name(picture: str) -> str:
    """How the file of a picture is called."""
    return f"{picture}.webp"


def _say(transcript: Transcript, who: Person, line: Line) -> None:
    conversation = transcript.conversation
    is_image = line.kind == "image"
    conversation.last_seq += 1
    message = Message(
        conversation_id=conversation.id,
        seq=conversation.last_seq,
        client_id=f"demo-{conversation.last_seq}",
        sender_id=who.id,
        sender_role=who.role,
        content=line.extra if is_image else line.value,
        message_type=MessageType.IMAGE if is_image else MessageType.TEXT,
        created_at=line.at,
    )
    transcript.messages.append(message)
    if is_image:
        transcript.pictures.append((message, line.value))
    by_customer = who.id == conversation.customer_id
    conversation.waiting_since = (conversation.waiting_since or line.at) if by_customer else None
    conversation.last_message = message.content[:MAX_PREVIEW] or file_name(line.value)
    conversation.last_message_type = message.message_type
    conversation.last_sender_id = who.id
    conversation.last_message_time = line.at


def _note(transcript: Transcript, who: Person, line: Line) -> None:
    transcript.notes.append(
        Note(
            conversation_id=transcript.conversation.id,
            author_id=who.id,
            content=line.value,
            after_seq=transcript.conversation.last_seq,
            created_at=line.at,
            updated_at=line.at,
        )
    )


def _act(transcript: Transcript, who: Person, line: Line, people: Mapping[str, Person]) -> None:
    conversation = transcript.conversation
    if line.kind == "assign":
        conversation.assignee_id = people[line.value].id
        _record(transcript, who, line, "assigned", conversation.assignee_id)
    elif line.kind == "unassign":
        conversation.assignee_id = None
        _record(transcript, who, line, "unassigned", None)
    elif line.kind == "label":
        transcript.labels.append(ConversationLabel(conversation_id=conversation.id, name=line.value))
        _record(transcript, who, line, "labelled", line.value)
    elif line.kind == "priority":
        conversation.priority = Priority(line.value)
        _record(transcript, who, line, "priority", line.value)
    else:
        conversation.status = Status(line.value)
        conversation.snoozed_until = line.at + seconds_of(line.extra) if line.extra else None
        if conversation.status is Status.RESOLVED:
            conversation.waiting_since = None
        _record(transcript, who, line, "status", line.value)


def _record(transcript: Transcript, who: Person, line: Line, kind: str, value: str | None) -> None:
    transcript.activities.append(
        Activity(
            conversation_id=transcript.conversation.id,
            actor_id=who.id,
            kind=kind,
            value=value,
            after_seq=transcript.conversation.last_seq,
            created_at=line.at,
        )
    )


def _read(transcript: Transcript, script: Script) -> None:
    """Read marks that leave exactly so many messages unread as the script says."""
    conversation = transcript.conversation
    customers = [message.seq for message in transcript.messages if message.sender_id == conversation.customer_id]
    others = [message.seq for message in transcript.messages if message.sender_id != conversation.customer_id]
    conversation.merchant_unread, conversation.customer_unread = script.unread, script.unseen
    conversation.merchant_read_seq = customers[-script.unread] - 1 if script.unread else conversation.last_seq
    conversation.merchant_seen_seq = conversation.merchant_read_seq
    conversation.customer_read_seq = others[-script.unseen] - 1 if script.unseen else conversation.last_seq
