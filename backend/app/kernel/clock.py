"""The only clock. Tests replace it with time-machine, so nobody else calls `time.time`."""

import time


def now() -> int:
    """Seconds since the epoch, as every time in the API."""
    return int(time.time())


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds that never go back; for timeouts only."""
    return time.monotonic()
