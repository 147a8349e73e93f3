"""How much a request may bring. FastAPI reads a body before it asks who sends it, and a form's files go to the disk."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1_048_576  # the longest message in the longest spelling of JSON has 200 kB


class BodyLimit:
    """Ends a body beyond 1 MiB with a 413. `unlimited` are the paths whose routes count for themselves, `larger` those

    that take more bytes; routes that read their form by themselves do so when they know who sends it.
    """

    def __init__(self, app: ASGIApp, unlimited: tuple[str, ...], larger: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.unlimited = unlimited
        self.larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. The error is raised where the body is read, so that it is answered like any other."""
        if scope["type"] != "http" or scope["path"] in self.unlimited:
            await self.app(scope, receive, send)
            return
        most = self.larger.get(scope["path"], MAX_BODY_BYTES)
        declared = dict(scope["headers"]).get(b"content-length", b"")
        received = int(declared) if declared.isdigit() and int(declared) > most else 0

        async def receive_some() -> Message:
            nonlocal received
            if received > most:
                raise HTTPException(413)
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_some, send)
