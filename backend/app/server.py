"""How the product is served: uvicorn with the flags that the chat needs."""

import uvicorn

from app.kernel import logs
from app.kernel.config import Settings
from app.kernel.websockets import LineWebSocketProtocol

MAX_FRAME_BYTES = 65_536
MAX_FRAMES_WAITING = 16
PING_SECONDS = 20.0
SHUTDOWN_SECONDS = 20


def run(settings: Settings) -> None:
    """Serve until a signal ends it; sockets are closed with 1012."""
    logs.set_up(settings)
    uvicorn.run(
        "main:app" if settings.reload else "app.asgi:app",
        host=settings.host,
        port=settings.port,
        reload=settings.reload,
        log_config=None,
        access_log=False,
        ws=LineWebSocketProtocol,
        ws_max_size=MAX_FRAME_BYTES,
        ws_max_queue=MAX_FRAMES_WAITING,
        ws_ping_interval=PING_SECONDS,
        ws_per_message_deflate=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
