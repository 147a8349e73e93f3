"""The door to stored bytes: `/media/...`. Anybody who has the link may read; the names are not to be guessed."""

from pathlib import Path, PurePosixPath

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from app.kernel.config import settings_of
from app.kernel.errors import NotFound

FOLDERS = ("uploads", "avatars")  # what else lies in the media folder is not public
SHOWN = {".webp": "image/webp", ".png": "image/png", ".jpg": "image/jpeg"}
SAVED = {".pdf": "application/pdf", ".txt": "text/plain; charset=utf-8", ".csv": "text/csv; charset=utf-8"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # A stored file never changes: a new one has a new name.
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
AVATAR_CACHE = "public, max-age=86400"

router = APIRouter(include_in_schema=False)


@router.api_route("/media/{path:path}", methods=["GET", "HEAD"], summary="Read a stored file")
async def read(path: str, request: Request) -> Response:
    """A stored file, whole or in ranges. Only images are shown in place; everything else is saved by the browser."""
    file = _file(settings_of(request).media_dir, path)
    ending = file.suffix.lower()
    headers = dict(HEADERS)
    if path.startswith("avatars/"):
        headers["Cache-Control"] = AVATAR_CACHE
    if ending in SHOWN:
        return FileResponse(file, media_type=SHOWN[ending], headers=headers)
    return FileResponse(
        file,
        media_type=SAVED.get(ending, "application/octet-stream"),
        headers=headers,
        filename=file.name,
        content_disposition_type="attachment",
    )


def _file(folder: Path, path: str) -> Path:
    """The file of this path; 404 for what is not ours, whichever way the path tries to leave the folder."""
    parts = PurePosixPath(path).parts
    if not parts or parts[0] not in FOLDERS or "\x00" in path or "\\" in path:
        raise NotFound()
    if any(part.startswith(".") for part in parts):
        raise NotFound()
    try:
        file = (folder / path).resolve()
        if file.is_relative_to(folder.resolve()) and file.is_file():
            return file
    except (OSError, ValueError):  # a name longer than the file system takes
        pass
    raise NotFound()
