"""The only clock. Tests replace it with time-machine, so nobody else calls `time.time`."""

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo


def now() -> int:
    """Seconds since the epoch, as every time in the API."""
    return int(time.time())


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds that never go back; for timeouts only."""
    return time.monotonic()


def midnight(day: date, zone: ZoneInfo) -> int:
    """The first moment of a day, in seconds since the epoch."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
