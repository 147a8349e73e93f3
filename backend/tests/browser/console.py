"""What pages say to the developer. In the end of a journey it must be nothing."""

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

# What Chromium itself prints while there is no network or no server; nothing that a script of ours could say.
OUTAGE = (
    "net::ERR_INTERNET_DISCONNECTED",
    "net::ERR_NETWORK_CHANGED",
    "net::ERR_CONNECTION_REFUSED",
    "net::ERR_CONNECTION_RESET",
    "net::ERR_EMPTY_RESPONSE",
)
SIGNED_OUT = "401 (Unauthorized)"
BROWSERS_OWN = ("Failed to load resource: ", "WebSocket connection to ")


class Console:
    """Errors and warnings of all pages of one journey."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._is_outage_planned = False
        self._is_sign_out_planned = False

    def listen_to(self, context: BrowserContext) -> None:
        """To every page that this context will ever open, and to the frames in them."""
        context.on("console", self._hear)
        context.on("weberror", self._hear_error)

    def excuse_outage(self) -> None:
        """From here on the network is cut on purpose."""
        self._is_outage_planned = True

    def excuse_sign_out(self) -> None:
        """From here on sessions end on purpose: a page may ask once more before it hears of it."""
        self._is_sign_out_planned = True

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"} or (self._is_outage_planned and _tells_of_outage(message.text)):
            return
        if self._is_sign_out_planned and message.text.startswith(BROWSERS_OWN) and SIGNED_OUT in message.text:
            return
        self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _hear_error(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")


def _tells_of_outage(text: str) -> bool:
    return text.startswith(BROWSERS_OWN) and any(name in text for name in OUTAGE)
