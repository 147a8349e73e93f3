"""How rules enter and leave: what can happen, what can be asked, what can be done."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.automation.models import MAX_NAME
from app.chat.drafts import Storable
from app.chat.labels_models import MAX_NAME as MAX_LABEL
from app.chat.models import Channel, Priority, Status
from app.kernel.models import MAX_BIGINT, Id, UserId

MAX_RULES = 50  # of one shop
MAX_CONDITIONS = 10
MAX_ACTIONS = 10
MAX_WORDS = 30  # of one condition
MAX_WORD = 100
MAX_TEXT = 4000  # of a reply or a note
MAX_WAITING_MINUTES = 10_080
MAX_SNOOZE_HOURS = 720


class EventName(StrEnum):
    """When a rule is asked."""

    FROM_BUYER = "message_from_buyer"
    FROM_TEAM = "message_from_team"
    CREATED = "conversation_created"
    UPDATED = "conversation_updated"
    WAITING = "waiting"


class Change(StrEnum):
    """What of a conversation a person changed."""

    STATUS = "status"
    ASSIGNEE = "assignee"
    LABELS = "labels"
    PRIORITY = "priority"


class ConditionKind(StrEnum):
    """What a rule may ask."""

    CONTAINS = "contains"
    STATUS = "status"
    ASSIGNEE = "assignee"
    LABEL = "label"
    PRIORITY = "priority"
    CHANNEL = "channel"
    LANGUAGE = "language"
    VISIT = "visit"
    HOURS = "hours"
    WAITED = "waited"


class ActionKind(StrEnum):
    """What a rule may do."""

    ASSIGN = "assign"
    ADD_LABEL = "add_label"
    REMOVE_LABEL = "remove_label"
    PRIORITY = "priority"
    STATUS = "status"
    SNOOZE = "snooze"
    REPLY = "reply"
    NOTE = "note"
    WEBHOOK = "webhook"


CHOICES: dict[str, tuple[str, ...]] = {
    ConditionKind.STATUS: tuple(Status),
    ConditionKind.PRIORITY: tuple(Priority),
    ConditionKind.CHANNEL: tuple(Channel),
    ConditionKind.VISIT: ("first", "returning"),
    ConditionKind.HOURS: ("open", "closed"),
}
"""What may stand in conditions that have a fixed list."""
ACTION_CHOICES: dict[str, tuple[str, ...]] = {
    ActionKind.PRIORITY: tuple(Priority),
    ActionKind.STATUS: (Status.OPEN, Status.PENDING, Status.RESOLVED),
}
ABOUT_MESSAGES = (EventName.FROM_BUYER, EventName.FROM_TEAM)


class Condition(BaseModel):
    """One question; with `is_not` its opposite. `values`: any of these words for `contains`, else exactly one.

    `assignee`: a person of the team, or empty for nobody; `language`: like `zh` or `en-GB`; `visit`: `first` or
    `returning`; `hours`: `open` or `closed`; `waited`: at least so many minutes.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "contains", "values": ["退款", "refund"]}]})

    kind: ConditionKind
    is_not: bool = False
    values: list[Annotated[Storable, Field(max_length=MAX_WORD)]] = Field(min_length=1, max_length=MAX_WORDS)

    @model_validator(mode="after")
    def _fits(self) -> "Condition":
        self.values = [value.strip() for value in self.values]
        if self.kind is ConditionKind.CONTAINS:
            self.values = list(dict.fromkeys(filter(None, self.values)))
            if not self.values:
                raise ValueError("a word is missing")
            return self
        if len(self.values) != 1:
            raise ValueError("exactly one value")
        check_value(self.values[0], CHOICES.get(self.kind), self.kind)
        return self


class Action(BaseModel):
    """One deed. `value`: a person's id or empty for nobody (`assign`), a label, a priority, a status, hours
    (`snooze`), or the text of a reply or note with {{buyer.name}} and {{shop.name}}; empty for `webhook`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "add_label", "value": "退款"}]})

    kind: ActionKind
    value: Storable = Field(default="", max_length=MAX_TEXT)

    @model_validator(mode="after")
    def _fits(self) -> "Action":
        self.value = self.value.strip()
        check_value(self.value, ACTION_CHOICES.get(self.kind), self.kind)
        return self


def check_value(value: str, choices: tuple[str, ...] | None, kind: str) -> None:
    """Raise ValueError for what cannot stand there."""
    if choices is not None and value not in choices:
        raise ValueError(f"one of {', '.join(choices)}")
    if kind in ("label", "add_label", "remove_label") and not 0 < len(value) <= MAX_LABEL:
        raise ValueError(f"a label of 1 to {MAX_LABEL} characters")
    if kind in ("reply", "note", "language") and not value:
        raise ValueError("it is empty")
    limits = {"waited": MAX_WAITING_MINUTES, "snooze": MAX_SNOOZE_HOURS}
    if kind in limits and not (value.isascii() and value.isdigit() and 1 <= int(value) <= limits[kind]):
        raise ValueError(f"a whole number from 1 to {limits[kind]}")
    if kind in ("assign", "assignee") and len(value) > 50:
        raise ValueError("no such person")


def _once(changes: list[Change]) -> list[Change]:
    return sorted(set(changes))


class RuleCreate(BaseModel):
    """A rule: when `event` happens, and all (or any) of `conditions` are so, do `actions` in their order.

    `changes`: of `conversation_updated`, which changes count (none: all). `waiting_minutes`: of `waiting`. `stops`:
    when this rule acts, the rules below it do not look at the same moment.
    """

    name: Storable = Field(default="", max_length=MAX_NAME)
    event: EventName
    changes: Annotated[list[Change], AfterValidator(_once)] = Field(default=[], max_length=len(Change))
    waiting_minutes: int = Field(default=15, ge=1, le=MAX_WAITING_MINUTES)
    match: Literal["all", "any"] = "all"
    conditions: list[Condition] = Field(default=[], max_length=MAX_CONDITIONS)
    actions: list[Action] = Field(min_length=1, max_length=MAX_ACTIONS)
    stops: bool = False
    is_enabled: bool = True

    @model_validator(mode="after")
    def _fits(self) -> "RuleCreate":
        asks_words = any(one.kind is ConditionKind.CONTAINS for one in self.conditions)
        if asks_words and self.event not in ABOUT_MESSAGES:
            raise ValueError("only a rule about messages can look at their words")
        return self


class RuleSwitch(BaseModel):
    """On or off."""

    is_enabled: bool


class RuleOrder(BaseModel):
    """The ids of all rules of the shop in their new order."""

    ids: list[Annotated[Id, Field(ge=1, le=MAX_BIGINT)]] = Field(max_length=MAX_RULES)


class RulePublic(BaseModel):
    """A rule as it stands, with how often it acted."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    merchant_id: UserId
    name: str
    event: EventName
    changes: list[Change]
    waiting_minutes: int
    match: Literal["all", "any"]
    conditions: list[Condition]
    actions: list[Action]
    stops: bool
    is_enabled: bool
    position: int
    runs: int
    last_run_at: int | None
    created_at: int
    updated_at: int
    sentence: str = ""
    """The rule in words, in the caller's language."""


class RunPublic(BaseModel):
    """What a rule did. `done`: each action with `ok`, and the `error` of one that could not be done."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    rule_id: Id
    rule_name: str
    conversation_id: Id
    buyer: str
    trigger: str
    done: list[dict[str, Any]]
    created_at: int
    finished_at: int | None


class DryRunExample(BaseModel):
    """A moment at which the rule would have acted."""

    conversation_id: Id
    buyer: str
    at: int
    trigger: str
    text: str
    """The message that was looked at; empty for other events."""
    actions: list[Action]


class DryRun(BaseModel):
    """What a rule would have done since `since`, alone and as it is written. `is_cut`: there was more history than is

    looked at, so that `since` is later than seven days ago.
    """

    since: int
    conversations: int
    """How many were looked at."""
    count: int
    is_cut: bool
    examples: list[DryRunExample]
