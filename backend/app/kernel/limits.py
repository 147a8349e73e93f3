"""Rate limits: a moving window in the process, or in Redis when several instances share it."""

from contextvars import ContextVar
from ipaddress import ip_address, ip_network
from typing import cast

import limits as windows
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from loguru import logger
from redis.exceptions import RedisError
from starlette.requests import HTTPConnection

from app.kernel import clock
from app.kernel.config import Settings
from app.kernel.errors import TooMany

IPV6_CUSTOMER = 64  # bits
caller_address: ContextVar[str] = ContextVar("caller_address", default="")
"""Where the request that is being answered comes from; empty for what the product does by itself."""


class RateLimits:
    """Counts hits under (scope, key)."""

    def __init__(self, settings: Settings) -> None:
        self._is_on = settings.rate_limits
        storage: Storage = MemoryStorage()
        if settings.broker_url:
            # limits' own redis extra pins an old client; ours works through this implementation.
            storage = RedisStorage(f"async+{settings.broker_url}", implementation="redispy")
        self._limiter = MovingWindowRateLimiter(storage)

    async def hit(self, scope: str, key: str, rate: str) -> None:
        """Count one hit of `key`; raises `TooMany` beyond `rate` (for example `10/minute`)."""
        if not self._is_on:
            return
        window = windows.parse(rate)
        try:
            if await self._limiter.hit(window, scope, key):
                return
            stats = await self._limiter.get_window_stats(window, scope, key)
        except (RedisError, OSError) as error:
            logger.warning("rate limits: not counted, Redis is away: {}", error)
            return
        raise TooMany(max(1, int(stats.reset_time - clock.now()) + 1))


def limits_of(connection: HTTPConnection) -> RateLimits:
    """The application's rate limits."""
    return cast(RateLimits, connection.app.state.limits)


def address_of(connection: HTTPConnection) -> str:
    """The caller's address as the server (or the trusted proxy) saw it."""
    return connection.client.host if connection.client else "unknown"


def caller_of(connection: HTTPConnection) -> str:
    """Under what a stranger's tries are counted: the address, or its /64, which is what one customer gets of IPv6."""
    said = address_of(connection)
    try:
        address = ip_address(said)
    except ValueError:  # what a proxy said need not be an address
        return said
    if address.version == 4 or address.ipv4_mapped is not None:
        return said
    return str(ip_network((address, IPV6_CUSTOMER), strict=False))
