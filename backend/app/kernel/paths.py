"""Addresses that mean the same: `/api/…` for `/api/v1/…`, and every API address with or without its last slash.

Both without a redirect, because a redirect loses the body of a POST in many clients.
"""

import re
from functools import lru_cache

from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

OLD_PREFIX = "/api/"


class ApiPaths:
    """Rewrites an API address to the one that a route has. Lists end in a slash, everything else does not."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix + "/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith(OLD_PREFIX):
            path: str = scope["path"]
            if not path.startswith(self.prefix):
                path = self.prefix + path[len(OLD_PREFIX) :]
            bare = path.removesuffix("/")
            is_list = _lists(tuple(scope["app"].openapi()["paths"])).fullmatch(bare + "/")
            # In place: what the router notes in it is what Telemetry calls the route.
            scope["path"] = f"{bare}/" if is_list else bare
        await self.app(scope, receive, send)


@lru_cache(maxsize=4)
def _lists(paths: tuple[str, ...]) -> re.Pattern[str]:
    patterns = (compile_path(path)[0].pattern for path in paths if path.endswith("/"))
    return re.compile("|".join(re.sub(r"\?P<\w+>", "?:", pattern) for pattern in patterns))
