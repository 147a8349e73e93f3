"""Snowflake ids: 41 bits of milliseconds since our epoch, 10 bits of node, 12 bits of sequence.

A node id belongs to one *process*; `node_leases` hands them out, `SNOWFLAKE_NODE_ID` overrides for a
single-process role.
"""

import math
import threading
import time

from app.kernel import clock
from app.kernel.errors import AppError

EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
NODE_BITS, SEQUENCE_BITS = 10, 12
MAX_NODE = (1 << NODE_BITS) - 1
MAX_SEQUENCE = (1 << SEQUENCE_BITS) - 1
MAX_ROLLBACK_MS = 10  # An NTP slew is waited out; a larger step back could repeat ids.


class ClockMovedBack(AppError):
    """The machine's clock went back by more than we may wait for; ids would repeat."""

    def __init__(self, behind_ms: int) -> None:
        super().__init__(
            503, "clock_moved_back", "The server's clock is wrong. Please try again soon.", behind=behind_ms
        )


class LeaseExpired(AppError):
    """Another process may have our node id by now: drawing one more id could repeat one of its."""

    def __init__(self) -> None:
        super().__init__(503, "no_node_lease", "The server is not ready. Please try again soon.")


class Snowflakes:
    """A generator for one node id; safe for threads. It stops at `valid_until`, the end of the node's lease, in

    monotonic seconds: a lease does not get longer when somebody turns the clock.
    """

    def __init__(self, node: int, valid_until: float = math.inf) -> None:
        if not 0 <= node <= MAX_NODE:
            raise ValueError(f"node id {node} is not within 0..{MAX_NODE}")
        self.node = node
        self.valid_until = valid_until
        self.refusals = 0
        self._lock = threading.Lock()
        self._last_ms = 0
        self._sequence = 0

    def new(self) -> int:
        """The next id. Waits up to 10 ms when the clock went back, else raises `ClockMovedBack`."""
        with self._lock:
            at = clock.now_ms()
            if clock.monotonic() >= self.valid_until:
                raise LeaseExpired()
            if at < self._last_ms:
                at = self._wait_out(at)
            if at == self._last_ms:
                self._sequence = (self._sequence + 1) & MAX_SEQUENCE
                if self._sequence == 0:
                    at = self._next_millisecond()
            else:
                self._sequence = 0
            self._last_ms = at
            return ((at - EPOCH_MS) << (NODE_BITS + SEQUENCE_BITS)) | (self.node << SEQUENCE_BITS) | self._sequence

    @property
    def is_healthy(self) -> bool:
        """False while the clock is behind the last id or the lease is over; readiness reports it."""
        return not self.is_behind and clock.monotonic() < self.valid_until

    @property
    def is_behind(self) -> bool:
        """The clock went back by more than we may wait for."""
        return clock.now_ms() < self._last_ms - MAX_ROLLBACK_MS

    @property
    def last_second(self) -> int:
        """The time of the last id, in seconds since the epoch; in the future after a clock went ahead and back."""
        return self._last_ms // 1000

    def _wait_out(self, at: int) -> int:
        behind = self._last_ms - at
        if behind > MAX_ROLLBACK_MS:
            self.refusals += 1
            raise ClockMovedBack(behind)
        time.sleep(behind / 1000)
        return max(clock.now_ms(), self._last_ms)

    def _next_millisecond(self) -> int:
        while (at := clock.now_ms()) <= self._last_ms:
            time.sleep(0.0001)
        return at


_generator = Snowflakes(0)


def use_node(node: int, valid_until: float = math.inf) -> None:
    """Draw this process' ids from `node` from now on."""
    global _generator
    _generator = Snowflakes(node, valid_until)


def new_id() -> int:
    """A new id of this process' node."""
    return _generator.new()


def generator() -> Snowflakes:
    """The generator in use, for readiness and metrics."""
    return _generator
