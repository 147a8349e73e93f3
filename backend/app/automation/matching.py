"""Whether the conditions of a rule are so: pure, the same for what happens now and for what happened last week."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.automation.shapes import Condition, ConditionKind
from app.chat.models import Priority, Status
from app.kernel.bigrams import normalized

UNKNOWN = ""


@dataclass(slots=True)
class Facts:
    """A conversation at one moment."""

    at: int
    status: str = Status.OPEN
    assignee_id: str | None = None
    priority: str = Priority.NORMAL
    labels: set[str] = field(default_factory=set)
    channel: str = UNKNOWN
    language: str = UNKNOWN
    """Of the buyer's browser, else of the account; empty when nobody said."""
    is_first: bool = True
    is_open: bool = True
    """The shop, at that moment."""
    waiting_since: int | None = None
    text: str | None = None
    """Of the message; None where the event is no message."""


def is_match(match: str, conditions: Iterable[Condition], facts: Facts) -> bool:
    """All of them, or any. A rule without conditions is about every such event."""
    answers = [holds(condition, facts) for condition in conditions]
    if not answers:
        return True
    return all(answers) if match == "all" else any(answers)


def holds(condition: Condition, facts: Facts) -> bool:
    """One question. The opposite of what is unknown is not known either."""
    answer = _answer(condition, facts)
    return False if answer is None else answer is not condition.is_not


def _answer(condition: Condition, facts: Facts) -> bool | None:
    value = condition.values[0]
    match condition.kind:
        case ConditionKind.CONTAINS:
            return None if facts.text is None else contains(facts.text, condition.values)
        case ConditionKind.STATUS:
            return facts.status == value
        case ConditionKind.ASSIGNEE:
            return (facts.assignee_id or "") == value
        case ConditionKind.LABEL:
            return value in facts.labels
        case ConditionKind.PRIORITY:
            return facts.priority == value
        case ConditionKind.CHANNEL:
            return facts.channel == value
        case ConditionKind.LANGUAGE:
            return _is_language(facts.language, value) if facts.language else None
        case ConditionKind.VISIT:
            return facts.is_first is (value == "first")
        case ConditionKind.HOURS:
            return facts.is_open is (value == "open")
        case ConditionKind.WAITED:
            return facts.waiting_since is not None and facts.at - facts.waiting_since >= int(value) * 60


def contains(text: str, words: Iterable[str]) -> bool:
    """Any of the words, whatever their case and width. Chinese stands within a run; a Latin word is a whole one."""
    looked_at = normalized(text)
    return any(_is_in(looked_at, normalized(word)) for word in words)


def _is_in(text: str, word: str) -> bool:
    # `refund` is not in `refundable`, but it is in `我要refund`: only Latin letters beside it make another word.
    before = r"(?<![a-z0-9])" if re.match(r"[a-z0-9]", word) else ""
    after = r"(?![a-z0-9])" if re.search(r"[a-z0-9]$", word) else ""
    return re.search(before + re.escape(word) + after, text) is not None


def _is_language(spoken: str, wanted: str) -> bool:
    spoken, wanted = (tag.lower().replace("_", "-") for tag in (spoken, wanted))
    return spoken == wanted or spoken.startswith(f"{wanted}-")
