"""Static files from memory, packed once: a first visit asks for a hundred small ones, and there may be no proxy."""

import gzip
import os
from dataclasses import dataclass
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from app.kernel import html
from app.kernel.config import get_settings

FOREVER = "public, max-age=31536000, immutable"
WORTH_PACKING = 200  # bytes; below, the header costs what is saved
MOST_KEPT = 1000  # files, with the versions that a day of development makes
PACKED = ("text/", "application/json", "application/javascript", "image/svg+xml")


@dataclass(frozen=True, slots=True)
class _Kept:
    plain: bytes
    packed: bytes | None
    media_type: str
    etag: str


def answer(path: str | Path, scope: Scope, headers: dict[str, str] | None = None, status_code: int = 200) -> Response:
    """The file at `path`, as small as the caller takes it; 304 where the caller has it."""
    asked = Headers(scope=scope)
    kept = _kept(str(path), os.stat(path).st_mtime_ns)
    own = {"ETag": f'"{kept.etag}"', **(headers or {})}
    body = kept.plain
    if kept.packed is not None:
        own["Vary"] = "Accept-Encoding"
        if "gzip" in asked.get("accept-encoding", ""):
            body = kept.packed
            own |= {"Content-Encoding": "gzip", "ETag": f'"{kept.etag}-gzip"'}
    response = Response(body, status_code, own, kept.media_type)
    known = (tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(","))
    return NotModifiedResponse(response.headers) if own["ETag"] in known else response


@lru_cache(maxsize=MOST_KEPT)
def _kept(path: str, changed_at: int) -> _Kept:
    plain = Path(path).read_bytes()
    media_type = guess_type(path)[0] or "application/octet-stream"
    is_worth_it = media_type.startswith(PACKED) and len(plain) >= WORTH_PACKING
    packed = gzip.compress(plain, mtime=0) if is_worth_it else None
    return _Kept(plain, packed, media_type, f"{changed_at:x}-{len(plain):x}")


class StampedStatic(StaticFiles):
    """Serves `/static/<stamp>/path`. An address of an older release gets today's file, but may not keep it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        asked, _, rest = path.replace("\\", "/").partition("/")
        is_stamped = len(asked) == html.STAMP_LENGTH and all(letter in "0123456789abcdef" for letter in asked)
        response = await super().get_response(rest if is_stamped else path, scope)
        response.headers["Cache-Control"] = FOREVER if asked == html.stamp() else "no-cache"
        return response

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        return answer(os.fspath(full_path), scope, status_code=status_code)


def app() -> StampedStatic:
    """What `create_app` mounts at `/static`."""
    return StampedStatic(directory=get_settings().frontend_dir / "static")
