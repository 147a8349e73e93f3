"""Which kinds of jobs there are: a handler's name, its queue, and how patient we are with it.

@job("chat.export", ExportOrder, title="Export of conversations", queue="exports", soft_seconds=600)
async def export(run: Run, order: ExportOrder) -> dict[str, Any]: ...
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from app.kernel.errors import AppError
from app.kernel.identity import Role

if TYPE_CHECKING:
    from app.jobs.runs import Run

P = TypeVar("P", bound=BaseModel)
Result = dict[str, Any] | None
Work = Callable[["Run", P], Awaitable[Result]]
Handler = Callable[["Run", Any], Awaitable[Result]]

QUEUES = {"default": 10, "mail": 5, "webhooks": 20, "webhooks_slow": 10, "exports": 2, "assistant": 10, "emoji": 4}
"""Every queue, and how many of its jobs one worker process runs at once."""


class Nothing(BaseModel):
    """The payload of a job that needs none."""


class Retry(Exception):
    """Raised by a handler: not now. `after_seconds` None leaves the delay to the kind's backoff."""

    def __init__(self, reason: str, after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds


class GiveUp(AppError):
    """Raised by a handler: never. The sentence is shown to the owner."""

    def __init__(self, code: str, text: str, **params: object) -> None:
        super().__init__(400, code, text, headers=None, **params)


class SoftTimeout(Exception):
    """Raised by `Run.check`: the time is up, end in good order. What goes on is cut off at the hard limit."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job. Delays double from `backoff_seconds` on, with full jitter, up to `max_backoff_seconds`."""

    name: str
    handler: Handler
    payload: type[BaseModel]
    title: str
    queue: str = "default"
    max_attempts: int = 5
    soft_seconds: float = 300
    hard_seconds: float = 600
    backoff_seconds: float = 2
    max_backoff_seconds: float = 600
    is_one_per_person: bool = True
    """Of those that somebody starts over the API, one runs at a time; the others of theirs wait."""
    is_cancellable: bool = True
    """False: once it runs it must come to its end."""
    starters: frozenset[Role] = field(default_factory=frozenset)
    """Who may start one over the API; most kinds are started by the product only."""


_kinds: dict[str, Kind] = {}


def job(name: str, payload: type[P], *, title: str, **limits: Any) -> Callable[[Work[P]], Work[P]]:
    """Register the decorated function as the handler of `name`; `limits` are the other fields of `Kind`.

    Handlers are idempotent by `run.key`: a worker may die after the work and before its end is written.
    """

    def register(handler: Work[P]) -> Work[P]:
        kind = Kind(name=name, handler=handler, payload=payload, title=title, **limits)
        if kind.queue not in QUEUES:
            raise ValueError(f"{name}: there is no queue {kind.queue}")
        if name in _kinds and _kinds[name].handler is not handler:
            raise ValueError(f"two kinds of job are called {name}")
        _kinds[name] = kind
        return handler

    return register


def find(name: str) -> Kind | None:
    """The kind of this name; None when this release does not know it."""
    return _kinds.get(name)


def every() -> list[Kind]:
    """All kinds that this release knows."""
    return list(_kinds.values())


def startable_by(role: Role) -> list[Kind]:
    """The kinds that a caller of this role may start."""
    return [kind for kind in _kinds.values() if role in kind.starters]
