"""One pure ASGI middleware: request id, access log, metrics, and the answer to what nobody expected.

BaseHTTPMiddleware would cost ten times as much, and three middlewares three times.
"""

import re
import time
import uuid

import orjson
from loguru import logger
from prometheus_client import Counter, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel.config import Settings
from app.kernel.i18n import locale_of, translate
from app.kernel.limits import caller_address
from app.kernel.logs import request_id

HEADER = b"x-request-id"
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{8,64}")
REQUESTS = Counter("parley_http_requests", "Answered requests.", ["method", "route", "status"])
SECONDS = Histogram("parley_http_request_seconds", "Time to answer.", ["method", "route"])
UNEXPECTED = "Something went wrong on our side."


class Telemetry:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.debug = settings.debug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; sockets and the lifespan pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(HEADER, b"")
        ticket = given.decode() if _GIVEN.fullmatch(given) else uuid.uuid4().hex
        request_id.set(ticket)
        caller_address.set((scope.get("client") or ("",))[0])
        status, began = 0, time.perf_counter()

        async def send_with_ticket(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, ticket.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_ticket)
        except Exception as error:  # the outermost loop of a request
            logger.opt(exception=error).error("{} {} failed", scope["method"], _path(scope))
            if status:
                raise
            await _apologise(scope, send_with_ticket, ticket, error if self.debug else None)
        self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # The template, not the path: one series per route, whatever ids people ask for.
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        REQUESTS.labels(method, route, status).inc()
        SECONDS.labels(method, route).observe(seconds)
        level = "DEBUG" if route == "other" or route == "/health" else "INFO"
        logger.log(level, "{} {} {} {:.1f} ms", method, _path(scope), status, seconds * 1000)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _path(scope: Scope) -> str:
    """As it came, percent-encoded: a decoded line break would forge a line of the log."""
    raw: bytes = scope.get("raw_path") or b""
    return raw.decode("ascii", "backslashreplace")


async def _apologise(scope: Scope, send: Send, ticket: str, error: Exception | None) -> None:
    answer = {"detail": translate(UNEXPECTED, locale_of(Request(scope))), "code": "internal", "request_id": ticket}
    if error is not None:
        answer["error"] = repr(error)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(answer)})
