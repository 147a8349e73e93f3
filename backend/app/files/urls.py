"""Media links: stored relative (`/media/...`), leaving absolute, so that moving to another host rewrites no row."""

from app.kernel.config import Settings
from app.kernel.errors import Invalid

PREFIX = "/media/"


def absolute(settings: Settings, relative: str) -> str:
    """The link for clients. What is absolute already stays."""
    return f"{settings.base_url}{relative}" if relative.startswith("/") else relative


def of_path(path: str) -> str:
    """The relative link of a path below the media folder."""
    return f"{PREFIX}{path}"


def relative(settings: Settings, url: str) -> str:
    """A link that a client sent back, as we store it. Only our own media: a foreign one would watch our users."""
    link = url.removeprefix(settings.base_url)
    if not link.startswith(PREFIX) or ".." in link or any(c in link for c in "\\?#\x00"):
        raise Invalid("foreign_link", "Only files that were uploaded here can be used.")
    return link
