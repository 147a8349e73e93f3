"""What can set a rule off, each under a name of its own: by it a rule knows what it has acted on already."""

from dataclasses import dataclass

from app.automation.models import AutomationRule
from app.automation.shapes import Change, EventName

CHANGES = {
    "status": Change.STATUS,
    "assigned": Change.ASSIGNEE,
    "unassigned": Change.ASSIGNEE,
    "labelled": Change.LABELS,
    "unlabelled": Change.LABELS,
    "priority": Change.PRIORITY,
}
"""Kind of an activity → what of the conversation it changed."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Something that happened in a conversation. `at`: when, in seconds; `since`: from when on somebody waits."""

    name: str
    event: EventName
    at: int
    text: str | None = None
    changes: frozenset[Change] = frozenset()
    since: int | None = None


def of_message(seq: int, is_buyer: bool, at: int, text: str) -> Trigger:
    """A message of a person."""
    return Trigger(f"message:{seq}", EventName.FROM_BUYER if is_buyer else EventName.FROM_TEAM, at, text)


def of_start(at: int) -> Trigger:
    """The conversation began."""
    return Trigger("created", EventName.CREATED, at)


def of_changes(actor_id: str, at: int, kinds: frozenset[Change]) -> Trigger:
    """What one person changed in one second is one change."""
    return Trigger(f"changed:{actor_id}:{at}", EventName.UPDATED, at, changes=kinds)


def of_waiting(since: int, minutes: int) -> Trigger:
    """The buyer has waited for so long."""
    return Trigger(f"waiting:{since}", EventName.WAITING, since + minutes * 60, since=since)


def concerns(event: EventName, changes: list[str], trigger: Trigger) -> bool:
    """Whether a rule about `event` (and `changes`) is asked."""
    if event is not trigger.event:
        return False
    return event is not EventName.UPDATED or not changes or not trigger.changes.isdisjoint(map(Change, changes))


def is_asked(rule: AutomationRule, trigger: Trigger) -> bool:
    """Whether this rule is asked: it was on when it happened."""
    return trigger.at >= rule.enabled_at and concerns(EventName(rule.event), rule.changes, trigger)
