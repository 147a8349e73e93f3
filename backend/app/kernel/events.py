"""What happened, told once. Listeners run in the same transaction; publishing to sockets waits for the commit."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlmodel.ext.asyncio.session import AsyncSession

_PENDING = "events"


class Event(BaseModel):
    """Base of all events: frozen, named in the past tense."""

    model_config = ConfigDict(frozen=True)


Listener = Callable[[AsyncSession, Any], Awaitable[None]]
Publisher = Callable[[Sequence[Event]], None]
_listeners: dict[type[Event], list[Listener]] = {}


def listen(kind: type[Event], listener: Listener) -> None:
    """Call `listener(session, event)` inside the transaction of every `kind` emitted from now on."""
    _listeners.setdefault(kind, []).append(listener)


async def emit(session: AsyncSession, event: Event) -> None:
    """Tell listeners now, in this transaction; keep the event for publishing after the commit."""
    for listener in _listeners.get(type(event), ()):
        await listener(session, event)
    session.info.setdefault(_PENDING, []).append(event)


def take(session: AsyncSession) -> list[Event]:
    """The events that wait for this session's commit; they are forgotten by it."""
    events: list[Event] = session.info.pop(_PENDING, [])
    return events
