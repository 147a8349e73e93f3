"""Addresses that mean the same: `/api/…` for `/api/v1/…`, and every API address with or without its last slash.

Both without a redirect, because a redirect loses the body of a POST in many clients.
"""

import re

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

OLD_PREFIX = "/api/"


class ApiPaths:
    """Serves `/api/…`, which the older documents name, as the documented prefix."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix + "/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite the path of one request."""
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith(OLD_PREFIX) and not path.startswith(self.prefix):
                scope = {**scope, "path": self.prefix + path[len(OLD_PREFIX) :]}
        await self.app(scope, receive, send)


def with_or_without_slash(app: FastAPI) -> None:
    """Let every route of the API answer with and without the last slash."""
    app.router.redirect_slashes = False
    for route in app.routes:
        if isinstance(route, APIRoute) and route.path.startswith(OLD_PREFIX):
            pattern = route.path_regex.pattern.removesuffix("$").removesuffix("/")
            route.path_regex = re.compile(f"{pattern}/?$")
