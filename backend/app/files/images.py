"""Every image is drawn anew: no EXIF or XMP (where the buyer lives), no script behind the pixels, and a sane size."""

import io
import struct
from typing import NamedTuple

from PIL import Image, ImageCms, ImageOps

from app.kernel.errors import AppError

MAX_PIXELS = 40_000_000  # 120 MB as RGB
MAX_ANIMATED_PIXELS = 60_000_000  # of all frames together
MAX_FRAMES = 300
MAX_SIDE = 4096
THUMBNAIL_SIDE = 480
LOSSLESS_PIXELS = 2_000_000  # lossless WebP of a larger drawing takes seconds
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
QUALITY, THUMBNAIL_QUALITY = 85, 78
# What Pillow raises for bytes that only look like an image: its readers have no error of their own.
BROKEN = (OSError, SyntaxError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RuntimeError,
          EOFError, MemoryError, struct.error)  # fmt: skip

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # beyond twice as many Pillow refuses by itself, before it decodes


class Redrawn(NamedTuple):
    """A WebP, and its thumbnail when it is larger than one."""

    content: bytes
    width: int
    height: int
    thumbnail: bytes | None


def redraw(content: bytes) -> Redrawn:
    """The image as WebP, upright, at most 4096 px, animations moving. 413 beyond the pixel limits, 415 when broken."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large()
            if getattr(image, "is_animated", False):
                return _animation(image)
            return _still(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except BROKEN as error:
        raise AppError(415, "broken_image", "This image cannot be read.") from error


def _still(image: Image.Image) -> Redrawn:
    is_drawing = image.format in ("PNG", "GIF") and image.width * image.height <= LOSSLESS_PIXELS
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a JPEG decodes at half the size when that is enough
    upright = _in_srgb(ImageOps.exif_transpose(image))
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    return Redrawn(_webp(upright, QUALITY, is_drawing), *upright.size, _thumbnail(upright))


def _animation(image: Image.Image) -> Redrawn:
    budget = max(1, min(MAX_FRAMES, MAX_ANIMATED_PIXELS // (image.width * image.height)))
    frames: list[Image.Image] = []
    durations: list[int] = []
    # Counted while they are decoded: a GIF's own count is known only after all of it was read.
    while True:
        if len(frames) == budget:
            raise _too_large()
        frames.append(image.convert("RGBA"))
        durations.append(max(20, int(image.info.get("duration", 100))))
        try:
            image.seek(image.tell() + 1)
        except EOFError:
            break
    output = io.BytesIO()
    first, *others = frames
    first.save(output, "WEBP", save_all=True, append_images=others, duration=durations, loop=0, quality=75, method=2)
    return Redrawn(output.getvalue(), *first.size, _thumbnail(first, is_needed=True))


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as seen: profiles are not kept, so a phone's wide colours are converted before the profile goes."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    profile = image.info.get("icc_profile")
    if image.mode not in ("RGB", "RGBA", "CMYK"):
        image = image.convert(mode)
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            image = converted or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile is no reason to refuse a photo
    return image if image.mode == mode else image.convert(mode)


def _thumbnail(image: Image.Image, is_needed: bool = False) -> bytes | None:
    if not is_needed and max(image.size) <= THUMBNAIL_SIDE:
        return None
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return _webp(small, THUMBNAIL_QUALITY, is_lossless=False)


def _webp(image: Image.Image, quality: int, is_lossless: bool) -> bytes:
    output = io.BytesIO()
    image.save(output, "WEBP", quality=quality, lossless=is_lossless, method=2 if is_lossless else 4)
    return output.getvalue()


def _too_large() -> AppError:
    return AppError(413, "image_too_large", "This image has too many pixels.")
