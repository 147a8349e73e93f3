"""A tally that keeps every day apart in full, so that any range can be added up from its days without the messages.

Durations are kept as counts of their values: the median of a month is not that of its days' medians.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from app.chat.reports_tally import WARNINGS, Agent, Durations, Resolved, Said, Span, Tally
from app.kernel.identity import Role

VERSION = 2


class Rated(NamedTuple):
    """A buyer's answer to how it was."""

    score: int
    agent_id: str | None
    at: int


@dataclass(slots=True)
class Label:
    """Conversations of a day that bear a label."""

    started: int = 0
    resolved: int = 0
    first_response: Durations = field(default_factory=Durations)


@dataclass(slots=True)
class Detail:
    """What is kept of a day beside its sums."""

    waiting: Durations = field(default_factory=Durations)
    """From a buyer's first unanswered message to the answer; of the day on which the wait began."""
    agents: dict[str, Agent] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    ratings: Counter[int] = field(default_factory=Counter)
    rated: dict[str, list[int]] = field(default_factory=dict)
    """By person: how many ratings, and their sum."""
    hours: list[int] = field(default_factory=lambda: [0] * 24)


class DayBook(Tally):
    """Takes what a `Tally` takes, and with each slice its labels and who was waiting when the span began."""

    def __init__(self, span: Span) -> None:
        super().__init__(span)
        self.details = [Detail() for _ in span.days]
        self._labels: Mapping[int, list[str]] = {}
        self._since: dict[int, int | None] = {}
        self._met_on: set[tuple[int, str, int]] = set()

    def open_slice(self, labels: Mapping[int, list[str]], waiting: Iterable[int]) -> None:
        """After `begin`. Whoever waited before the span is counted on the day on which that wait began."""
        self._labels, self._since, self._met_on = labels, dict.fromkeys(waiting), set()
        for number, day in self._started.items():
            for label in self._of(number, day):
                label.started += 1

    @property
    def unanswered(self) -> list[int]:
        """Conversations of the slice that wait since a day of the span."""
        return [number for number, since in self._since.items() if since is not None]

    def add(self, messages: Iterable[Said]) -> None:
        """Messages of the slice that lie in the span."""
        said = list(messages)
        super().add(said)
        for one in said:
            day = self.span.day_of(one.created_at)
            if day is None:
                continue
            if one.sender_role is Role.BUYER:
                self.details[day].hours[datetime.fromtimestamp(one.created_at, self.span.zone).hour] += 1
                self._since.setdefault(one.conversation_id, one.created_at)
            elif one.sender_role is Role.MERCHANT and not one.client_id.startswith(WARNINGS):
                self._note_work(day, one)
                self.end_wait(one)

    def answer(self, said: Said) -> None:
        """The first answer, also for the person's day and the conversation's labels."""
        since = self.waiting.get(said.conversation_id)
        if since is not None and not said.client_id.startswith(WARNINGS):
            day, seconds = self._started[said.conversation_id], said.created_at - since
            self._worker(day, said.sender_id).first_response.add(seconds)
            for label in self._of(said.conversation_id, day):
                label.first_response.add(seconds)
        super().answer(said)

    def end_wait(self, said: Said) -> None:
        """An answer, also one that comes after the span."""
        since = self._since.pop(said.conversation_id, None)
        day = None if since is None else self.span.day_of(since)
        if since is not None and day is not None:
            self.details[day].waiting.add(said.created_at - since)

    def resolve(self, done: Iterable[Resolved]) -> None:
        """What was resolved in the span."""
        ended = list(done)
        super().resolve(ended)
        for one in ended:
            day = self.span.day_of(one.at)
            if day is None:
                continue
            for label in self._of(one.conversation_id, day):
                label.resolved += 1
            if not one.actor_id.startswith("p"):
                self._worker(day, one.actor_id).resolved += 1

    def rate(self, ratings: Iterable[Rated]) -> None:
        """What buyers said of it."""
        for one in ratings:
            day = self.span.day_of(one.at)
            if day is None:
                continue
            self.details[day].ratings[one.score] += 1
            if one.agent_id:
                count_and_sum = self.details[day].rated.setdefault(one.agent_id, [0, 0])
                count_and_sum[0] += 1
                count_and_sum[1] += one.score

    def days(self) -> list[dict[str, Any]]:
        """Each day as JSON."""
        sums = zip(self.span.days, self._days, self.details, strict=True)
        return [
            {"day": day.isoformat()}
            | one.figures()
            | {
                "waiting": more.waiting.figures(),
                "spread": {
                    "first_response": _spread(one.first_response), "resolution": _spread(one.resolution),
                    "waiting": _spread(more.waiting),
                },
                "agents": {name: _agent(agent, more.rated.get(name)) for name, agent in self._people(more)},
                "labels": {
                    name: {"started": one.started, "resolved": one.resolved, "spread": _spread(one.first_response)}
                    for name, one in more.labels.items()
                },
                "ratings": {str(score): count for score, count in more.ratings.items()},
                "hours": more.hours,
            }
            for day, one, more in sums
        ]  # fmt: skip

    def _people(self, day: Detail) -> Iterable[tuple[str, Agent]]:
        return [(name, day.agents.get(name, Agent())) for name in sorted(day.agents.keys() | day.rated.keys())]

    def _note_work(self, day: int, said: Said) -> None:
        agent = self._worker(day, said.sender_id)
        agent.messages += 1
        met = (day, said.sender_id, said.conversation_id)
        if met not in self._met_on:
            self._met_on.add(met)
            agent.conversations += 1

    def _worker(self, day: int, user_id: str) -> Agent:
        return self.details[day].agents.setdefault(user_id, Agent())

    def _of(self, conversation_id: int, day: int) -> list[Label]:
        names = self._labels.get(conversation_id, [])
        return [self.details[day].labels.setdefault(name, Label()) for name in names]


def _spread(durations: Durations) -> dict[str, int]:
    return {str(seconds): count for seconds, count in durations.counts.items()}


def _agent(agent: Agent, rated: list[int] | None) -> dict[str, Any]:
    numbers = {name: getattr(agent, name) for name in ("messages", "conversations", "resolved")}
    return numbers | {"spread": _spread(agent.first_response), "rated": rated or [0, 0]}
