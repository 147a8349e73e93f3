"""Judges a run: each job ended once, its effect is there once, and nothing ran beside a living worker."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise

from app.jobs.models import Job, JobStatus
from loadtest.jobs.faults import Faults
from loadtest.jobs.ledger import Ledger, Span

BY_LEDGER = ("load.effect", "load.child", "load.long")
SLACK_SECONDS = 0.25  # between a run's last word and the moment at which its end is written


def violations(
    jobs: Sequence[Job], rows: Counter[int], ledger: Ledger, faults: Faults, lease_seconds: float
) -> list[str]:
    """What should not have happened; empty for a good run."""
    found = []
    for job in jobs:
        key = f"job-{job.id}"
        if job.status is not JobStatus.COMPLETED:
            found.append(f"{job.kind} {job.id} is {job.status} ({job.error})")
        if job.kind in BY_LEDGER and key not in ledger.effects:
            found.append(f"{job.kind} {job.id} has no effect")
        if job.kind == "load.row" and rows[job.id] != 1:
            found.append(f"{job.kind} {job.id} has {rows[job.id]} rows")
        if job.kind == "load.row" and not any(child.parent_id == job.id for child in jobs):
            found.append(f"{job.kind} {job.id} has no child")
    for spans in ledger.spans.values():
        found += [
            _said(one, other, faults)
            for one, other in combinations(spans, 2)
            if _overlap(one, other, faults, lease_seconds)
        ]
    return found


def longest_gap(ledger: Ledger, faults: Faults) -> float:
    """The longest time from a worker's death to the next run of a job that it held, in seconds."""
    longest = 0.0
    for spans in ledger.spans.values():
        for dead, following in pairwise(spans):
            died_at = faults.deaths.get(dead.pid)
            if died_at is not None and (dead.until is None or dead.until > died_at - SLACK_SECONDS):
                longest = max(longest, following.since - died_at)
    return longest


def _overlap(one: Span, other: Span, faults: Faults, lease_seconds: float) -> bool:
    """Whether two runs of one job were at work at once in workers that both lived and were not frozen meanwhile."""
    first, second = sorted((one, other), key=lambda span: span.since)
    if any(pid == first.pid and until - since > lease_seconds / 2 for pid, since, until in faults.frozen):
        return False  # a zombie: it may not end the job, which the rows show, but nobody can stop it from trying
    ended_at = first.until if first.until is not None else faults.deaths.get(first.pid, float("inf"))
    ended_at = min(ended_at, faults.deaths.get(first.pid, float("inf")))
    return second.since < ended_at - SLACK_SECONDS


def _said(one: Span, other: Span, faults: Faults) -> str:
    died = faults.deaths.get(one.pid)
    return (
        f"{one.key} ran in {one.pid} ({one.since:.2f} to {one.until}; killed at {died}) "
        f"and in {other.pid} from {other.since:.2f} to {other.until}"
    )
