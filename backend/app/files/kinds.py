"""What a file is, judged by its bytes; the sender's name and content type only choose among harmless readings.

An allow-list: what is not here is refused. HTML, SVG and scripts are not here, because a browser would run them.
"""

from pathlib import PurePath
from typing import NamedTuple

import filetype

from app.kernel.errors import AppError

OFFICE = "application/vnd.openxmlformats-officedocument."
_WORDS, _SHEET, _SLIDES = "wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation"
_ZIP_START = b"PK\x03\x04"
OLE_START = bytes.fromhex("D0CF11E0A1B11AE1")  # Office before 2007
_OPEN_XML = {
    b"word/document.xml": ("docx", OFFICE + _WORDS),
    b"xl/workbook.xml": ("xlsx", OFFICE + _SHEET),
    b"ppt/presentation.xml": ("pptx", OFFICE + _SLIDES),
}
_OLE = {"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint"}
_TEXT = {"txt": "text/plain", "csv": "text/csv", "md": "text/markdown"}
_IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
_MAY_STAND_IN_TEXT = frozenset("\t\n\r\f")
MAX_NAME = 200  # characters
UNSUPPORTED = "Files of this kind are not accepted."


class Kind(NamedTuple):
    """A file's ending and content type, as we store and serve it."""

    ending: str
    content_type: str

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


def kind_of(content: bytes, name: str) -> Kind:
    """The kind of these bytes; 415 for anything that is not on the list."""
    ending = PurePath(name.lower()).suffix.removeprefix(".")
    guess = filetype.guess_mime(content)
    if guess in _IMAGES:
        return Kind(guess.removeprefix("image/"), guess)
    if guess == "application/pdf":
        return Kind("pdf", guess)
    if content.startswith(OLE_START) and ending in _OLE:
        return Kind(ending, _OLE[ending])
    if content.startswith(_ZIP_START) and (office := _open_xml(content)):
        return office
    if ending in _TEXT and _is_text(content):
        return Kind(ending, _TEXT[ending])
    raise AppError(415, "unsupported_file", UNSUPPORTED)


def label(name: str | None) -> str:
    """The sender's name for a file, fit to be shown: one line, no folders, no direction overrides."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    # U+202E and its like turn `gpj.exe` into `exe.jpg` before the reader's eyes; they are not printable.
    shown = "".join(character for character in last if character.isprintable()).strip(" .")
    return _shortened(shown) or "file"


def _shortened(name: str) -> str:
    path = PurePath(name)
    return name if len(name) <= MAX_NAME else path.stem[: MAX_NAME - len(path.suffix[:20])] + path.suffix[:20]


def _open_xml(content: bytes) -> Kind | None:
    """Names stand in clear in a zip, so no archive is opened, and none can explode. Macros are refused."""
    if b"[Content_Types].xml" not in content or b"vbaProject.bin" in content:
        return None
    return next((Kind(*kind) for part, kind in _OPEN_XML.items() if part in content), None)


def _is_text(content: bytes) -> bool:
    """UTF-8, or GB18030 as Windows in China still writes it; no control characters."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any((c < " " or c == "\x7f") and c not in _MAY_STAND_IN_TEXT for c in text)
    return False
