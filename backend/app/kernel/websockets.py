"""uvicorn's sans-IO WebSocket protocol with a direct line between the transport and the application.

The ASGI way costs a queue, a task's wake-up, two calls to the selector and a coroutine for every frame. The line is a
plain call in both directions; the ASGI way stays for opening, closing, and every frame that the line does not take.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

LINE = "parley.line"
OnText = Callable[[bytes], bool]
_TEXT = 0x81  # FIN and opcode 1, RFC 6455 section 5.2; a server does not mask
_SHORT, _MEDIUM = 126, 65_536


class Line(Protocol):
    """What the hub needs of an open socket."""

    writable: asyncio.Event
    """Cleared while the peer reads too slowly."""
    on_text: OnText | None
    """Called for each text frame; it answers False for a frame that should take the ASGI way."""

    def settle(self, on_text: OnText) -> None:
        """The connection is established: set `on_text` and forget the handshake, a tenth of an idle socket's weight."""

    def write_texts(self, frames: Iterable[bytes]) -> None:
        """Send frames now, in one write. Nothing happens on a closed socket."""

    def abort(self) -> None:
        """Drop the connection and what the peer has not taken."""


class LineWebSocketProtocol(WebSocketsSansIOProtocol):
    """Adds `scope["extensions"]["parley.line"]`, a `Line`."""

    on_text: OnText | None = None

    def handle_connect(self, event: Request) -> None:
        """As in the base class, whose application task has not started yet when it returns."""
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None and not self.config.ws_per_message_deflate:
            scope["extensions"][LINE] = self

    def settle(self, on_text: OnText) -> None:
        """See `Line.settle`."""
        self.on_text = on_text
        del self.request, self.response

    def write_texts(self, frames: Iterable[bytes]) -> None:
        """See `Line.write_texts`."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.transport.write(b"".join([part for frame in frames for part in (_header(len(frame)), frame)]))

    def abort(self) -> None:
        """See `Line.abort`."""
        self.transport.abort()

    async def send(self, message: ASGISendEvent) -> None:
        """As in the base class; a peer that was told goodbye and reads nothing is not kept for ever."""
        await super().send(message)
        if message["type"] == "websocket.close":
            self._let_go()

    def handle_close(self, event: Frame) -> None:
        """As in the base class."""
        super().handle_close(event)
        self._let_go()

    def keepalive_timeout(self) -> None:
        """As in the base class, which would wait for the silent peer to take what is on its way."""
        super().keepalive_timeout()
        self._let_go()

    def _let_go(self) -> None:
        """`transport.close()` waits for the last byte to leave: for ever, when the peer's window is shut."""
        if self.transport.get_write_buffer_size():
            self.loop.call_later(self.close_timeout, self.transport.abort)

    def send_receive_event_to_app(self) -> None:
        """Give a whole text frame to the line, when no earlier frame waits for the application."""
        is_whole_text = self.curr_msg_data_type == "text" and len(self.frames) == 1
        is_direct = is_whole_text and not self.close_sent and self.queue.empty()
        if is_direct and self.on_text is not None and self.on_text(self.frames[0]):
            self.frames = []
            return
        if self.curr_msg_data_type == "text" and not _is_utf8(b"".join(self.frames)):
            # As the base class does, without its traceback: anybody could fill the log with them.
            self.frames = []
            if not self.close_sent:
                self.conn.send_close(CloseCode.INVALID_DATA)
                self.handle_parser_exception()
            return
        super().send_receive_event_to_app()


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _header(length: int) -> bytes:
    if length < _SHORT:
        return bytes((_TEXT, length))
    if length < _MEDIUM:
        return bytes((_TEXT, 126)) + length.to_bytes(2)
    return bytes((_TEXT, 127)) + length.to_bytes(8)
