"""uvicorn's sans-IO WebSocket protocol, which tells the application in the scope whether its transport takes more."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

WRITABLE = "parley.writable"


class WritableWebSocketProtocol(WebSocketsSansIOProtocol):
    """Adds `scope["extensions"]["parley.writable"]`: an asyncio.Event, cleared while the peer reads too slowly.

    With it the hub can write to thousands of ready sockets in one task and keep a task only for the slow ones.
    """

    def handle_connect(self, event: Request) -> None:
        """As in the base class, whose application task has not started yet when it returns."""
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"][WRITABLE] = self.writable
