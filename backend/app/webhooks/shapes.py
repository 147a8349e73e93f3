"""How endpoints and deliveries enter and leave."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from sqlmodel import Field, SQLModel

from app.chat.drafts import Storable
from app.kernel.models import Id, UserId
from app.webhooks.event_types import CHOSEN
from app.webhooks.models import MAX_URL, DeliveryStatus, DisabledReason


def _known(names: list[str]) -> list[str]:
    unknown = [name for name in names if name not in CHOSEN]
    if unknown:
        raise ValueError(f"unknown: {unknown[0]}; possible are {', '.join(CHOSEN)}")
    return sorted(set(names))


EventTypes = Annotated[list[str], AfterValidator(_known)]


class EndpointTurn(BaseModel):
    """The payload of the jobs that deliver."""

    endpoint_id: int


class ReplayPayload(BaseModel):
    """The payload of a replay: deliveries that were created from `since` on, and before it was asked for."""

    endpoint_id: int
    since: int
    until: int
    include_delivered: bool


class WebhookCreate(SQLModel):
    """Where to send, and which events."""

    url: Storable = Field(min_length=8, max_length=MAX_URL, schema_extra={"examples": ["https://example.com/parley"]})
    event_types: EventTypes = Field(min_length=1, max_length=len(CHOSEN), schema_extra={"examples": [list(CHOSEN)]})
    description: Storable = Field(default="", max_length=200)


class WebhookChange(SQLModel):
    """Absent fields stay. Switching on again begins anew: what was missed waits for a replay."""

    url: Storable = Field(default=None, min_length=8, max_length=MAX_URL)
    event_types: EventTypes = Field(default=None, min_length=1, max_length=len(CHOSEN))
    description: Storable = Field(default=None, max_length=200)
    is_enabled: bool = Field(default=None)


class _Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class WebhookPublic(_Shown):
    """An endpoint. Times are seconds since the epoch."""

    id: Id
    merchant_id: UserId
    url: str
    description: str
    event_types: list[str]
    is_enabled: bool
    disabled_reason: DisabledReason | None
    """`owner` switched it off; `failing`: nothing was delivered for five days; `gone`: it answered 410; `secret`: its

    secret cannot be read any more, because the installation's key was changed."""
    disabled_at: int | None
    failing_since: int | None
    """Since when nothing was delivered although it was tried."""
    rest_until: int | None
    last_delivered_at: int | None
    old_secret_until: int | None
    """Until then every delivery bears a second signature, made with the secret before the last rotation."""
    created_at: int
    updated_at: int


class WebhookWithSecret(WebhookPublic):
    """The answer to what makes a secret: nobody can read it again."""

    secret: str


class AttemptPublic(_Shown):
    """One request and what came of it. `answer`: the first 1024 bytes."""

    at: int
    status_code: int | None
    milliseconds: int
    error: str | None
    address: str
    answer: str


class DeliveryPublic(_Shown):
    """One event for one endpoint. `event_id` is the `webhook-id`."""

    id: Id
    event_id: str
    event_type: str
    conversation_id: Id | None
    sequence: int
    status: DeliveryStatus
    attempts: int
    """All of them, also before a replay."""
    status_code: int | None
    """Of the newest attempt."""
    error: str | None
    next_at: int | None
    """When it is tried next; null while it waits for an earlier event of its conversation, and at the end."""
    created_at: int
    ended_at: int | None


class DeliveryWithAttempts(DeliveryPublic):
    """With what was sent, and every attempt, the newest first."""

    body: dict[str, Any]
    log: list[AttemptPublic]


class ReplayOrder(SQLModel):
    """Which deliveries to send again: those that were created since, and never arrived."""

    since: int = Field(ge=0, le=2**53, schema_extra={"examples": [1_795_000_000]})
    """Seconds since the epoch."""
    include_delivered: bool = False
    """Also what arrived; receivers know it by its `webhook-id`."""


class EventTypePublic(BaseModel):
    """A type of event, and where its JSON Schema is."""

    name: str
    description: str
    schema_url: str
    is_chosen: bool
    """Whether endpoints subscribe to it; a test goes to the endpoint that is tested."""
