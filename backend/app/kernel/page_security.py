"""What a browser is told and asked: the content policy of every page, and who may post with our cookie.

Pure ASGI, because a `BaseHTTPMiddleware` costs more than all of this. API answers get the short headers only.
"""

import secrets
from collections.abc import Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel.config import Settings
from app.kernel.i18n import locale_of, translate

SESSION_COOKIE = "parley_session"
FRAME_ANCESTORS = "frame_ancestors"  # in a request's state
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"  # ReDoc fills an empty <style> from its script
CROSS_SITE = "This form came from another site. Please reload the page and try again."


class PageSecurity:
    """The outermost middleware but one. `framable` are the path prefixes that `frame_origins` may put in a frame."""

    def __init__(self, app: ASGIApp, settings: Settings, framable: Iterable[str] = ("/chat/",)) -> None:
        self.app = app
        self.framable = tuple(framable)
        self.frame_origins = " ".join(["'self'", *settings.cors_origins])
        base = urlsplit(settings.base_url)
        self.own_origin = f"{base.scheme}://{base.netloc}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(MutableHeaders(scope=message), scope, nonce)
            await send(message)

        if self._is_forged(scope):
            await _refusal(scope)(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)

    def _add_headers(self, headers: MutableHeaders, scope: Scope, nonce: str) -> None:
        path: str = scope["path"]
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        if not headers.get("content-type", "").startswith("text/html"):
            return
        headers.setdefault("Permissions-Policy", PERMISSIONS)
        headers.setdefault("Content-Security-Policy", self._policy(scope, nonce))
        if not path.startswith(self.framable):
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            headers.setdefault("X-Frame-Options", "SAMEORIGIN")

    def _policy(self, scope: Scope, nonce: str) -> str:
        # A page may name its own: whose shop it is decides who may put it into a frame.
        usual = self.frame_origins if scope["path"].startswith(self.framable) else "'self'"
        ancestors = scope["state"].get(FRAME_ANCESTORS, usual)
        return "; ".join(
            [
                "default-src 'none'",
                f"script-src 'self' 'nonce-{nonce}'",
                f"style-src 'self' 'nonce-{nonce}' {EMPTY_STYLE}",
                # Media links are absolute and made with BASE_URL, which need not be the address in the bar.
                f"img-src 'self' data: blob: {self.own_origin}",
                f"media-src 'self' blob: {self.own_origin}",
                "font-src 'self'",
                "connect-src 'self'",
                "frame-src 'self'",
                "manifest-src 'self'",
                "form-action 'self'",
                "base-uri 'none'",
                f"frame-ancestors {ancestors}",
            ]
        )

    def _is_forged(self, scope: Scope) -> bool:
        """Another site's page sends with our cookie, or posts one of our forms (a sign-in has no cookie yet).

        Sec-Fetch-Site decides where the browser sends it, else Origin. Neither: not a browser, so nobody's
        cookie was borrowed. A bearer token is not sent by accident and needs no check.
        """
        if scope["method"] in SAFE_METHODS:
            return False
        headers = Headers(scope=scope)
        has_cookie = any(name.endswith(SESSION_COOKIE) for name in cookie_parser(headers.get("cookie", "")))
        is_form_door = not scope["path"].startswith("/api")
        if "authorization" in headers or not (has_cookie or is_form_door):
            return False
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return False
        return origin != self.own_origin and _host_in(origin) != headers.get("host")


def is_own_origin(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether the Origin that a browser sent is ours; a WebSocket handshake carries our cookie from any site."""
    host = _host_in(connection.headers.get("origin", ""))
    return bool(host) and host in (connection.headers.get("host"), urlsplit(settings.base_url).netloc)


def _host_in(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # `http://[`
        return ""


def _refusal(scope: MutableMapping[str, Any]) -> JSONResponse:
    detail = translate(CROSS_SITE, locale_of(HTTPConnection(scope)))
    return JSONResponse({"detail": detail, "code": "cross_site"}, 403)
