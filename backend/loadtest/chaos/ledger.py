"""What was promised during the run: every client writes here, the verdict reads it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_VIOLATIONS = 200


class Row(NamedTuple):
    """A message as a reader, a frame, an answer or the database has it."""

    id: int
    seq: int
    client_id: str
    sender_id: str
    content: str

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Row":
        """From a `message` frame or a message of the API."""
        return cls(int(said["id"]), said["seq"], said["client_id"], said["sender_id"], said["content"])


class Draft(NamedTuple):
    """A message that somebody wants to send."""

    conversation_id: int
    client_id: str
    sender_id: str
    content: str


@dataclass
class Ledger:
    """Drafts, acknowledgements, and every broken promise with its evidence."""

    drafts: dict[str, Draft] = field(default_factory=dict)
    acknowledged: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Client id → (id, seq)."""
    committed: dict[int, int] = field(default_factory=dict)
    """Conversation id → the highest seq that anybody was promised."""
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def acknowledge(self, who: str, client_id: str, message_id: int, seq: int) -> None:
        """A `sent` or a 200/201: it must say the same every time."""
        earlier = self.acknowledged.setdefault(client_id, (message_id, seq))
        self.counts["answers"] += 1
        if earlier != (message_id, seq):
            self.violate(f"{who}: {client_id} was acknowledged as (id, seq) {earlier}, now as {(message_id, seq)}")
        conversation_id = self.drafts[client_id].conversation_id
        self.committed[conversation_id] = max(seq, self.committed.get(conversation_id, 0))

    def violate(self, what: str) -> None:
        """Keep a broken promise."""
        self.counts["violations"] += 1
        if len(self.violations) < MAX_VIOLATIONS:
            self.violations.append(what)


class Copy:
    """What one reader has of one conversation: seq 1 to `last` without a gap, because it takes nothing else."""

    def __init__(self, conversation_id: int) -> None:
        self.conversation_id = conversation_id
        self.rows: list[Row] = []
        self.seen = 0
        """The highest seq that came, be it after a gap."""

    @property
    def last(self) -> int:
        """The highest seq that the reader has, together with everything before it."""
        return len(self.rows)

    def take(self, row: Row) -> str:
        """`new`, `known`, or `gap` when something before it is missing; `other` when it contradicts what is here."""
        self.seen = max(self.seen, row.seq)
        if row.seq == self.last + 1:
            self.rows.append(row)
            return "new"
        if row.seq > self.last:
            return "gap"
        return "known" if row.seq >= 1 and self.rows[row.seq - 1] == row else "other"
