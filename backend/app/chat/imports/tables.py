"""Reads an uploaded table, CSV or XLSX, as rows of text. Nothing in it is believed: not its name, not its sizes.

All of this blocks: for threads.
"""

import csv
import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from app.files.kinds import OLE_START
from app.kernel.errors import AppError, Invalid

MAX_BYTES = 10_485_760  # of the upload
MAX_ROWS = 20_000  # beside the headings
MAX_COLUMNS = 50
MAX_UNPACKED_BYTES = 52_428_800  # of all parts of a workbook
MAX_PARTS = 500
MAX_TAGS = 2_500_000  # of all parts: openpyxl holds a row, and some parts whole, at 100 to 300 bytes an element
MAX_LETTERS = MAX_BYTES  # of all cells: a workbook keeps a text once, however many cells show it
MAX_BLANK_ROWS = 100_000  # of a sheet, between others
DELIMITERS = (",", ";", "\t", "，", "；")
# What openpyxl, zipfile and zlib raise for rubbish.
_BROKEN = (BadZipFile, InvalidFileException, zlib.error, struct.error, ArithmeticError, LookupError, ValueError,
           TypeError, AttributeError, SyntaxError, OSError, EOFError, RuntimeError)  # fmt: skip


class Row(NamedTuple):
    """`line` is where it begins in the file, from 1, as a text editor or Excel counts."""

    line: int
    cells: list[str]


def read(path: Path, fitness: Callable[[Sequence[str]], int]) -> list[Row]:
    """Every row that is not blank, headings first. `fitness` says how many headings of a row are known: by that the

    delimiter is chosen. Raises 415, 413 or 400 with a sentence.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(OLE_START):
        raise AppError(415, "old_excel", "This is a file of an old Excel. Save it as .xlsx or CSV and try again.")
    is_zip = start.startswith(b"PK\x03\x04")
    rows = _limited(_sheet(path)) if is_zip else _delimited(_text(path.read_bytes()), fitness)
    if not rows:
        raise Invalid("empty_table", "There is nothing in this file.")
    return rows


def _limited(rows: Iterator[Row]) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        if not any(row.cells):
            continue
        if len(found) > MAX_ROWS:
            raise AppError(
                413, "too_many_rows", "More than {max} rows. Split the file and import the parts.", max=MAX_ROWS
            )
        found.append(row)
    return found


def _text(content: bytes) -> str:
    """UTF-8, UTF-16 as Excel's "Unicode text", or GB18030 as Windows in China still writes it."""
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(character < " " and character not in "\t\n\r\f" for character in text):
            return text
        break
    raise AppError(415, "not_a_table", "This is no CSV and no XLSX file, or its encoding is not known.")


def _delimited(text: str, fitness: Callable[[Sequence[str]], int]) -> list[Row]:
    def headings(delimiter: str) -> int:
        first = next(iter(_rows(text, delimiter)), Row(1, []))
        return fitness(first.cells) * 100 + len(first.cells)

    return _limited(_rows(text, max(DELIMITERS, key=headings)))


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield Row(line, [_cell(cell) for cell in cells[:MAX_COLUMNS]])
            line = reader.line_num + 1
    except csv.Error:
        raise Invalid("broken_table", "Line {line} of this file cannot be read.", line=line) from None


def _sheet(path: Path) -> Iterator[Row]:
    try:
        with path.open("rb") as file:
            _check_workbook(file)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its own size
            rows = sheet.iter_rows(max_col=MAX_COLUMNS, max_row=MAX_BLANK_ROWS, values_only=True)
            room = MAX_LETTERS
            for number, values in enumerate(rows, 1):
                room -= sum(len(value) for value in values if isinstance(value, str))
                if room < 0:
                    raise _too_large()
                cells = [_cell(_shown(value)) for value in values]
                while cells and not cells[-1]:
                    cells.pop()
                yield Row(number, cells)
            book.close()
    except _BROKEN as error:
        raise Invalid("broken_workbook", "This workbook cannot be read.") from error


def _check_workbook(file: BinaryIO) -> None:
    """Before a library opens it. A part that is longer than the archive says ends there: zipfile reads no further."""
    with ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
            raise _too_large()
        tags = 0
        for part in parts:
            with archive.open(part) as content:
                tags += _refuse_entities(content, MAX_TAGS - tags)


def _too_large() -> AppError:
    return AppError(413, "workbook_too_large", "This workbook is too large when it is unpacked.")


def _refuse_entities(content: IO[bytes], most: int) -> int:
    """An entity that names entities grows without end ("billion laughs"); no spreadsheet program writes any.

    Says how many tags there are; beyond `most` it refuses them, too.
    """
    before, tags = b"", 0
    while block := content.read(65_536):
        plain = (before + block).replace(b"\x00", b"").upper()  # UTF-16 too
        if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
            raise Invalid("broken_workbook", "This workbook cannot be read.")
        tags += block.count(b"<")
        if tags > most:
            raise _too_large()
        before = block[-20:]
    return tags


def _shown(value: object) -> str:
    """A cell as a person sees it: a phone number that Excel took for a number has no `.0`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _cell(text: str) -> str:
    """Trimmed; the apostrophe that keeps a formula asleep (our exports write it) is not part of the text."""
    shown = text.strip()
    return shown[1:] if len(shown) > 1 and shown[0] == "'" and shown[1] in "=+-@＝＋－＠" else shown
