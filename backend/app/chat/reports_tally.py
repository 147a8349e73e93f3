"""Counts what happened in a shop, row by row: pure, in memory that does not grow with the shop.

Durations are kept with three significant digits (an error of at most half a percent), so that a median over millions
of them needs a few thousand numbers. Percentiles are nearest-rank: the least value that so many in a hundred do not
exceed.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.kernel.clock import midnight
from app.kernel.identity import Role

WARNINGS = "auto-resolve:"  # how the names of automatic warnings begin: they are nobody's answer
MAX_AGENTS = 200
BUSIEST = 5


class Said(NamedTuple):
    """A message, as much of it as is counted."""

    conversation_id: int
    seq: int
    sender_id: str
    sender_role: Role
    client_id: str
    created_at: int


class Resolved(NamedTuple):
    """A conversation was resolved; `began_at` is the first message since it was resolved before."""

    conversation_id: int
    actor_id: str
    at: int
    began_at: int


@dataclass(slots=True)
class Durations:
    """Seconds, and how often."""

    counts: Counter[int] = field(default_factory=Counter)

    def add(self, seconds: int) -> None:
        """One more."""
        self.counts[rounded(max(0, seconds))] += 1

    def percentile(self, percent: int) -> int | None:
        """Seconds that `percent` of a hundred do not exceed; None of nothing."""
        total = self.counts.total()
        rank, seen = -(-total * percent // 100), 0
        for seconds in sorted(self.counts):
            seen += self.counts[seconds]
            if seen >= rank:
                return seconds
        return None

    def figures(self) -> dict[str, int | None]:
        return {"count": self.counts.total(), "median": self.percentile(50), "p90": self.percentile(90)}


def rounded(seconds: int) -> int:
    """Three significant digits."""
    unit = int("1" + "0" * max(0, len(str(seconds)) - 3))
    return (seconds + unit // 2) // unit * unit


@dataclass(slots=True)
class Sums:
    """What is counted of a day, and of all of them."""

    started: int = 0
    resolved: int = 0
    resolved_automatically: int = 0
    messages_in: int = 0
    messages_out: int = 0
    first_response: Durations = field(default_factory=Durations)
    resolution: Durations = field(default_factory=Durations)

    def figures(self) -> dict[str, Any]:
        numbers = ("started", "resolved", "resolved_automatically", "messages_in", "messages_out")
        times = {"first_response": self.first_response.figures(), "resolution": self.resolution.figures()}
        return {name: getattr(self, name) for name in numbers} | times


@dataclass(slots=True)
class Agent:
    """What one person did for the shop."""

    messages: int = 0
    conversations: int = 0
    resolved: int = 0
    first_response: Durations = field(default_factory=Durations)

    def figures(self) -> dict[str, Any]:
        numbers = {name: getattr(self, name) for name in ("messages", "conversations", "resolved")}
        return numbers | {"first_response": self.first_response.figures()}


class Span:
    """Some days in a time zone: a day is as long as its clocks say, 23 to 25 hours."""

    def __init__(self, first: date, last: date, zone: ZoneInfo) -> None:
        self.zone = zone
        self.days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        self._starts = [midnight(day, zone) for day in self.days]
        self.start = self._starts[0]
        self.end = midnight(last + timedelta(days=1), zone)

    def day_of(self, at: int) -> int | None:
        """The number of the day in which `at` (seconds) lies."""
        return bisect_right(self._starts, at) - 1 if self.start <= at < self.end else None


class Tally:
    """Takes conversations, then their messages by conversation and seq, then what was resolved."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self.total = Sums()
        self._days = [Sums() for _ in span.days]
        self._agents: dict[str, Agent] = {}
        self._hours = [[0] * 24 for _ in range(7)]
        self._started: dict[int, int] = {}
        self._place = 0
        self._met: set[str] = set()
        self.waiting: dict[int, int] = {}
        """Of the present slice: conversation → when its buyer wrote first, while nobody has answered."""

    def begin(self, talks: Iterable[tuple[int, int]]) -> None:
        """A slice of conversations, each with the time at which it began."""
        self._started, self.waiting = {}, {}
        for conversation_id, created_at in talks:
            day = self.span.day_of(created_at)
            if day is not None:
                self._started[conversation_id] = day
                self._count(day, "started")

    def add(self, messages: Iterable[Said]) -> None:
        """Messages of the slice that lie in the span."""
        for said in messages:
            day = self.span.day_of(said.created_at)
            if day is None:
                continue
            if said.conversation_id != self._place:
                self._place, self._met = said.conversation_id, set()
            if said.sender_role is Role.BUYER:
                self._count(day, "messages_in")
                local = datetime.fromtimestamp(said.created_at, self.span.zone)
                self._hours[local.weekday()][local.hour] += 1
                if said.conversation_id in self._started:
                    self.waiting.setdefault(said.conversation_id, said.created_at)
            elif said.sender_role is Role.MERCHANT:  # what was said by itself is nobody's work
                self._count(day, "messages_out")
                self._note_agent(said)
                self.answer(said)

    def answer(self, said: Said) -> None:
        """The first answer to a buyer's first message ends the wait, also one that comes after the span."""
        since = self.waiting.get(said.conversation_id)
        if since is None or said.client_id.startswith(WARNINGS):
            return
        del self.waiting[said.conversation_id]
        seconds, day = said.created_at - since, self._started.pop(said.conversation_id)
        for durations in (self.total.first_response, self._days[day].first_response):
            durations.add(seconds)
        self._agent(said.sender_id).first_response.add(seconds)

    def resolve(self, done: Iterable[Resolved]) -> None:
        """What was resolved in the span."""
        for one in done:
            day = self.span.day_of(one.at)
            if day is None:
                continue
            self._count(day, "resolved")
            for sums in (self.total, self._days[day]):
                sums.resolution.add(one.at - one.began_at)
            if one.actor_id.startswith("p"):
                self._count(day, "resolved_automatically")
            else:
                self._agent(one.actor_id).resolved += 1

    def figures(self, names: dict[str, str]) -> dict[str, Any]:
        """All of it as JSON; `names` are those of the agents."""
        agents = sorted(self._agents.items(), key=lambda item: (-item[1].messages, item[0]))[:MAX_AGENTS]
        return {
            "totals": self.total.figures(),
            "days": [
                {"day": day.isoformat()} | sums.figures() for day, sums in zip(self.span.days, self._days, strict=True)
            ],
            "agents": [
                {"user_id": user_id, "name": names.get(user_id, user_id)} | agent.figures() for user_id, agent in agents
            ],
            "hours": self._hours,
            "busiest": self._busiest(),
        }

    @property
    def agents(self) -> list[str]:
        """Who did something."""
        return list(self._agents)

    def _busiest(self) -> list[dict[str, int]]:
        cells = [(count, day, hour) for day, row in enumerate(self._hours) for hour, count in enumerate(row) if count]
        first = sorted(cells, key=lambda cell: (-cell[0], cell[1], cell[2]))[:BUSIEST]
        return [{"weekday": day, "hour": hour, "messages_in": count} for count, day, hour in first]

    def _note_agent(self, said: Said) -> None:
        if said.sender_role is not Role.MERCHANT or said.client_id.startswith(WARNINGS):
            return
        agent = self._agent(said.sender_id)
        agent.messages += 1
        if said.sender_id not in self._met:
            self._met.add(said.sender_id)
            agent.conversations += 1

    def _agent(self, user_id: str) -> Agent:
        return self._agents.setdefault(user_id, Agent())

    def _count(self, day: int, name: str) -> None:
        for sums in (self.total, self._days[day]):
            setattr(sums, name, getattr(sums, name) + 1)
