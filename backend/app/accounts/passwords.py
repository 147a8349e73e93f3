"""Argon2id. A hash takes about 170 ms of CPU and 64 MiB, so it runs in threads, two at once, never in a write unit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.kernel.config import Settings

T = TypeVar("T")
MIN_LENGTH, MAX_LENGTH = 8, 128  # characters; the upper bound keeps a body of megabytes away from the hash
THREADS = 2  # 128 MiB at most, and the event loop keeps its turn on a small machine

# The pool's size is the limit: an asyncio.Semaphore would belong to one event loop.
_pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="argon2")


async def hash_of(settings: Settings, password: str) -> str:
    """The string to store for `password`."""
    return await _in_thread(lambda: _hasher(settings).hash(password))


async def is_right(settings: Settings, stored: str | None, password: str) -> bool:
    """True when `password` made `stored`. None costs the same time, so that nobody learns which accounts exist."""
    return await _in_thread(lambda: _verify(_hasher(settings), stored, password))


def is_outdated(settings: Settings, stored: str) -> bool:
    """True when `stored` was made with other parameters than today's; the next sign-in replaces it."""
    return _hasher(settings).check_needs_rehash(stored)


def _verify(hasher: PasswordHasher, stored: str | None, password: str) -> bool:
    try:
        return hasher.verify(stored or _nobodys_hash(hasher), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def _hasher(settings: Settings) -> PasswordHasher:
    return _hasher_with(settings.argon2_time_cost, settings.argon2_memory_kib)


@lru_cache
def _hasher_with(time_cost: int, memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)


@lru_cache
def _nobodys_hash(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody's password")


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_pool, work)
