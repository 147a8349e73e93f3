"""When a task that works behind the others looks again."""

import asyncio
from contextlib import suppress


class Pace:
    """Of one such task: it looks soon after it was woken, now and then by itself, and no more once this has ended."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def is_ended(self) -> bool:
        """Whether the task is to come to its end."""
        return self._ended.is_set()

    def wake(self) -> None:
        """There is something to look at."""
        self._woken.set()

    def end(self) -> None:
        """Nothing waits any longer, neither now nor later."""
        self._ended.set()
        self._woken.set()

    async def rest(self, seconds: float) -> None:
        """Sleep, but not beyond the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)

    async def until_woken(self, at_most: float, delay: float = 0.0) -> None:
        """Wait to be woken, `at_most` so many seconds, then `delay` more: what comes together is done together."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), at_most)
        if delay:
            await self.rest(delay)
        self._woken.clear()
