"""A message that somebody wants to send, checked in form. Rights and order are decided inside the transaction."""

import re
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import orjson
from pydantic import AfterValidator

from app.chat.models import MAX_CONTENT, MessageType
from app.kernel.errors import AppError
from app.kernel.identity import Identity
from app.kernel.models import MAX_BIGINT

MAX_CLIENT_ID = 100
MAX_ATTACHMENTS = 10
MAX_WRITTEN = 16_000  # characters including the white space around; four bytes each fit MySQL's TEXT
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,100}")
_TYPES = frozenset(MessageType)


@dataclass(slots=True)
class Draft:
    """One message before it has a place. `attachments` are snapshots of files that the sender owns."""

    sender: Identity
    conversation_id: int
    client_id: str
    content: str
    message_type: str = MessageType.TEXT
    attachments: list[dict[str, Any]] | None = None
    reply_to: int | None = None


class MessageRow(NamedTuple):
    """A row of `messages` in column order, as the stores insert it."""

    id: int
    conversation_id: int
    seq: int
    client_id: str
    sender_id: str
    sender_role: str
    content: str
    message_type: str
    attachments: list[dict[str, Any]] | None
    reply_to: int | None
    created_at: int

    def as_stored(self) -> tuple[Any, ...]:
        """With its attachments as JSON text, for drivers that do not encode them."""
        return self._replace(attachments=orjson.dumps(self.attachments).decode()) if self.attachments else self  # type: ignore[arg-type]


def stored_row(row: tuple[Any, ...]) -> MessageRow:
    """The opposite of `as_stored`."""
    message = MessageRow(*row)
    return message._replace(attachments=orjson.loads(str(message.attachments))) if message.attachments else message


def invalid(name: str, text: str, **params: object) -> AppError:
    """A 422 that names the field."""
    return AppError(422, f"invalid_{name}", text, headers=None, **params)


def checked_content(content: object, *, may_be_empty: bool) -> str:
    """The text as written, when it has 1 to 10 000 characters after trimming and can be stored everywhere."""
    if not isinstance(content, str):
        raise invalid("content", "The message must be text.")
    length = len(content.strip())
    if length == 0 and not may_be_empty:
        raise invalid("content", "The message is empty.")
    if length > MAX_CONTENT or len(content) > MAX_WRITTEN:
        raise invalid("content", "The message is longer than {max} characters.", max=MAX_CONTENT)
    if "\x00" in content or not is_encodable(content):
        raise invalid("content", "The message contains characters that cannot be stored.")
    return content


def checked_client_id(client_id: object) -> str:
    """The client's name for the message; one of our own when it gave none."""
    if client_id is None:
        return uuid.uuid4().hex
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        raise invalid("client_id", "client_id must have 1 to {max} visible ASCII characters.", max=MAX_CLIENT_ID)
    return client_id


def checked_id(value: object, field: str) -> int:
    """A Snowflake from a JSON string (or an integer, which old clients send)."""
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 else value
    if type(number) is not int or not 0 < number <= MAX_BIGINT:
        raise invalid(field, "{field} must be an id: a string of digits.", field=field)
    return number


def checked_type(message_type: object) -> str:
    """A type that people may send; the default is text."""
    if message_type is None:
        return MessageType.TEXT.value
    if not isinstance(message_type, str) or message_type not in _TYPES:
        raise invalid("message_type", "message_type must be one of {types}.", types=", ".join(_TYPES))
    return message_type


def checked_ids(values: object, field: str) -> list[int]:
    """A short list of ids without doubles."""
    if values is None:
        return []
    if not isinstance(values, list) or len(values) > MAX_ATTACHMENTS:
        raise invalid(field, "{field} must be a list of at most {max} ids.", field=field, max=MAX_ATTACHMENTS)
    return list(dict.fromkeys(checked_id(value, field) for value in values))


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL cannot be stored")
    return text


Storable = Annotated[str, AfterValidator(_storable)]
"""Text that every database takes: PostgreSQL has no NUL, so the others get none either."""


def is_encodable(content: str) -> bool:
    """Whether it can leave as UTF-8."""
    try:
        content.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True
