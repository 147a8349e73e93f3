"""The pictures of people who chose none: six calm gradients with a head and shoulders, drawn once at start."""

import secrets
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = 192
SCALE = 4  # drawn larger, then shrunk: that smooths the edges
COLOURS = (
    ("#4f9a80", "#2f6f5b"),
    ("#d08c60", "#a5613a"),
    ("#7d8fb3", "#566a92"),
    ("#b58bb0", "#8a5f86"),
    ("#a3a05c", "#77743a"),
    ("#8f8a83", "#66615b"),
)


def default_of(user_id: str) -> str:
    """The default avatar's link, the same for a user every time."""
    return f"/media/avatars/default-{sum(user_id.encode()) % len(COLOURS)}.webp"


def ensure_defaults(media_dir: Path) -> None:
    """Draw `default-0.webp` … and the source document's `default.png`, where they are missing."""
    folder = media_dir / "avatars"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (top, bottom) in enumerate(COLOURS):
        _draw(folder / f"default-{number}.webp", top, bottom)
    _draw(folder / "default.png", *COLOURS[-1])


def _draw(path: Path, top: str, bottom: str) -> None:
    if path.exists():
        return
    # Two processes may start at once: each writes its own file and renames it.
    beside = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    beside.write_bytes(_drawn(path.suffix, top, bottom))
    beside.replace(path)


@cache
def _drawn(suffix: str, top: str, bottom: str) -> bytes:
    side = SIZE * SCALE
    gradient = Image.linear_gradient("L").resize((side, side))
    image = Image.composite(Image.new("RGB", (side, side), bottom), Image.new("RGB", (side, side), top), gradient)
    draw = ImageDraw.Draw(image)
    middle = side / 2
    draw.circle((middle, side * 0.39), side * 0.17, fill="#ffffff")
    draw.circle((middle, side * 1.02), side * 0.36, fill="#ffffff")
    file = BytesIO()
    image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(file, suffix.removeprefix("."))
    return file.getvalue()
