"""Pages from templates: the Jinja environment, addresses of static files, icons, and what every page knows.

Templates are escaped without exception. A page gets its language, theme and CSP nonce from the request.
"""

import hashlib
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.kernel import i18n
from app.kernel.config import get_settings, settings_of

THEME_COOKIE = "parley_theme"
THEMES = ("light", "dark")
STAMP_LENGTH = 12


def render(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """`template` as an answer. `context` is what the page shows; the rest follows from the request."""
    locale = i18n.locale_of(request)
    everywhere: dict[str, Any] = {
        "request": request,
        "locale": locale,
        "theme": theme_of(request),
        "nonce": request.scope.get("state", {}).get("csp_nonce", ""),
        "demo": settings_of(request).demo,
        "is_development": settings_of(request).environment == "development",
        "me": None,
    }
    body = environment().get_template(template).render(everywhere | context)
    headers = {"Vary": "Accept-Language, Cookie", "Cache-Control": "no-store", "Content-Language": locale}
    return HTMLResponse(body, status_code, headers)


def theme_of(request: Request) -> str:
    """`light` or `dark` when the reader chose, else empty: as the device prefers."""
    for asked in (request.query_params.get("theme"), request.cookies.get(THEME_COOKIE)):
        if asked in THEMES:
            return asked
    return ""


def static(path: str) -> str:
    """The address of a static file. It bears the content's stamp, so that browsers may keep it for ever.

    One stamp for the whole tree: relative imports between modules and `url()` in CSS then need no rewriting.
    """
    return f"/static/{stamp()}/{path}"


def icon(name: str, label: str = "") -> Markup:
    """One symbol of the sprite; decoration unless it has a label."""
    said = Markup(' role="img" aria-label="{}"').format(label) if label else Markup(' aria-hidden="true"')
    return Markup('<svg class="icon"{}><use href="{}#{}"></use></svg>').format(said, static("icons.svg"), name)


def stamp() -> str:
    """The first letters of a hash over every static file: once, and in development again when a second has passed."""
    settings = get_settings()
    age = int(time.monotonic()) if settings.environment == "development" else 0
    return _stamp_at(settings.frontend_dir / "static", age)


@lru_cache(maxsize=2)
def _stamp_at(folder: Path, _age: int) -> str:
    return _stamp_of(folder, max((path.stat().st_mtime_ns for path in folder.rglob("*")), default=0))


@lru_cache(maxsize=2)
def _stamp_of(folder: Path, _changed_at: int) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:STAMP_LENGTH]


@pass_context
def _say(context: Context, text: str, **params: object) -> str:
    return i18n.translate(text, context["locale"], **params)


@pass_context
def _say_plural(context: Context, one: str, many: str, n: int, **params: object) -> str:
    return i18n.translate_plural(one, many, n, context["locale"], **params)


@pass_context
def _ago(context: Context, timestamp: int) -> str:
    return i18n.format_ago(timestamp, context["locale"])


@pass_context
def _duration(context: Context, seconds: int) -> str:
    return i18n.format_duration(seconds, context["locale"])


@pass_context
def _short_duration(context: Context, seconds: int) -> str:
    return i18n.format_short_duration(seconds, context["locale"])


@pass_context
def _number(context: Context, value: float) -> str:
    return i18n.format_number(value, context["locale"])


@lru_cache
def environment() -> Environment:
    """The one Jinja environment. Names are few, so that a template reads like the page it makes."""
    settings = get_settings()
    made = Environment(
        loader=FileSystemLoader(settings.frontend_dir / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=settings.environment == "development",
    )
    said: dict[str, Callable[..., object]] = {
        "t": _say, "tn": _say_plural, "ago": _ago, "duration": _duration, "number": _number,
        "short_duration": _short_duration,
    }  # fmt: skip
    made.globals.update(said, static=static, icon=icon, script_texts=i18n.script_texts)
    return made
