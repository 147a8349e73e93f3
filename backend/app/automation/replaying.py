"""What a rule would have done in one conversation: its history is gone through once more, with the rule's own deeds.

Pure. The order is that of the thread: a message stands at its seq, an activity behind the message it came after.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from app.accounts import platform
from app.automation import triggers
from app.automation.matching import Facts, is_match
from app.automation.shapes import ActionKind, EventName, RuleCreate
from app.automation.triggers import CHANGES, Trigger
from app.chat.models import Priority, Status
from app.kernel.identity import Role

ASLEEP = (Status.RESOLVED, Status.SNOOZED)


class Line(NamedTuple):
    """A message."""

    seq: int
    role: str
    at: int
    text: str


class Deed(NamedTuple):
    """An activity."""

    after_seq: int
    id: int
    actor_id: str
    kind: str
    value: str | None
    at: int


class Hit(NamedTuple):
    """A moment at which the rule would have acted."""

    conversation_id: int
    trigger: Trigger


@dataclass(slots=True)
class Story:
    """A conversation as it is now, and what is known of how it came to be."""

    id: int
    customer_id: str
    created_at: int
    status: str
    assignee_id: str | None
    priority: str
    channel: str
    labels: set[str]
    language: str = ""
    is_first: bool = True
    lines: list[Line] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)


Moment = tuple[int, Line | list[Deed]]


def replay(rule: RuleCreate, story: Story, since: int, until: int, is_open: Callable[[int], bool]) -> list[Hit]:
    """Every trigger from `since` to `until` (seconds) on which the rule would have acted, in order."""
    return _Replay(rule, story, since, until, is_open).run()


class _Replay:
    def __init__(self, rule: RuleCreate, story: Story, since: int, until: int, is_open: Callable[[int], bool]) -> None:
        self.rule, self.story, self.since, self.until, self.is_open = rule, story, since, until, is_open
        self.facts = _at_first(story)
        self.wakes_at: int | None = None
        self.fired: dict[str, Hit] = {}

    def run(self) -> list[Hit]:
        self._try(triggers.of_start(self.story.created_at))
        for at, moment in _moments(self.story):
            self._time_passes(at)
            if isinstance(moment, Line):
                self._hear(moment)
            else:
                self._see(moment)
        self._time_passes(self.until)
        return list(self.fired.values())

    def _time_passes(self, at: int) -> None:
        """Until `at`: somebody has waited long enough, a snooze of the rule's own ends."""
        facts = self.facts
        if self.rule.event is EventName.WAITING and facts.waiting_since is not None:
            trigger = triggers.of_waiting(facts.waiting_since, self.rule.waiting_minutes)
            if trigger.at < at or at == self.until >= trigger.at:
                self._try(trigger)
        if self.wakes_at is not None and self.wakes_at <= at:
            facts.status, self.wakes_at = Status.OPEN, None

    def _hear(self, line: Line) -> None:
        facts = self.facts
        if line.role == Role.BUYER:
            facts.waiting_since = facts.waiting_since or line.at
            if facts.status in ASLEEP:
                self._set_status(Status.OPEN)
        elif line.role == Role.MERCHANT:
            facts.waiting_since = None
        else:
            return
        self._try(triggers.of_message(line.seq, line.role == Role.BUYER, line.at, line.text))

    def _see(self, deeds: Sequence[Deed]) -> None:
        for deed in deeds:
            self._apply(deed.kind, deed.value or "")
        first = deeds[0]
        if first.actor_id != platform.USER_ID:
            kinds = frozenset(CHANGES[deed.kind] for deed in deeds)
            self._try(triggers.of_changes(first.actor_id, first.at, kinds))

    def _apply(self, kind: str, value: str) -> None:
        facts = self.facts
        if kind == "status":
            self._set_status(value)
        elif kind in ("assigned", "unassigned"):
            facts.assignee_id = value if kind == "assigned" else None
        elif kind == "labelled":
            facts.labels.add(value)
        elif kind == "unlabelled":
            facts.labels.discard(value)
        elif kind == "priority":
            facts.priority = value

    def _set_status(self, status: str) -> None:
        self.facts.status, self.wakes_at = status, None
        if status == Status.RESOLVED:
            self.facts.waiting_since = None

    def _try(self, trigger: Trigger) -> None:
        rule, facts = self.rule, self.facts
        is_in_time = self.since <= trigger.at <= self.until
        if not is_in_time or trigger.name in self.fired or not triggers.concerns(rule.event, [*rule.changes], trigger):
            return
        facts.at, facts.text, facts.is_open = trigger.at, trigger.text, self.is_open(trigger.at)
        if is_match(rule.match, rule.conditions, facts):
            self.fired[trigger.name] = Hit(self.story.id, trigger)
            self._act(trigger.at)

    def _act(self, at: int) -> None:
        for action in self.rule.actions:
            match action.kind:
                case ActionKind.ASSIGN:
                    self.facts.assignee_id = action.value or None
                case ActionKind.ADD_LABEL:
                    self.facts.labels.add(action.value)
                case ActionKind.REMOVE_LABEL:
                    self.facts.labels.discard(action.value)
                case ActionKind.PRIORITY:
                    self.facts.priority = action.value
                case ActionKind.STATUS:
                    self._set_status(action.value)
                case ActionKind.SNOOZE:
                    self._set_status(Status.SNOOZED)
                    self.wakes_at = at + int(action.value) * 3600


def _at_first(story: Story) -> Facts:
    """How the conversation began. Of what no activity tells the change, it was so all along."""
    told = {CHANGES[deed.kind] for deed in story.deeds}
    labelled = {deed.value for deed in story.deeds if deed.kind == "labelled"}
    return Facts(
        at=story.created_at,
        status=Status.OPEN if "status" in told else story.status,
        assignee_id=None if "assignee" in told else story.assignee_id,
        priority=Priority.NORMAL if "priority" in told else story.priority,
        labels=story.labels - labelled,
        channel=story.channel,
        language=story.language,
        is_first=story.is_first,
    )


def _moments(story: Story) -> Iterator[Moment]:
    """Messages, and what one person changed in one second, in the order of the thread."""
    lines: list[tuple[tuple[int, int, int], int, Line | list[Deed]]] = [
        ((line.seq, 0, 0), line.at, line) for line in story.lines
    ]
    deeds = sorted(story.deeds, key=lambda deed: (deed.after_seq, deed.id))
    for (after_seq, _, at), group in groupby(deeds, key=lambda deed: (deed.after_seq, deed.actor_id, deed.at)):
        together = list(group)
        lines.append(((after_seq, 1, together[0].id), at, together))
    for _, at, moment in sorted(lines, key=lambda one: one[0]):
        yield at, moment
