"""Tables to fill in: the headings that an import knows, and a row that shows how."""

import csv
import io

import xlsxwriter

from app.chat.exports.as_csv import cell
from app.chat.imports import columns
from app.chat.imports.kinds import ImportKind
from app.kernel.i18n import translate

WIDTHS = {"content": 60, "note": 40, "email": 26, "phone": 20}


def as_csv(kind: ImportKind, locale: str) -> bytes:
    """With the mark that Excel in China needs."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(_headings(kind, locale))
    rows.writerow(cell(value) for value in _example(kind, locale))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(kind: ImportKind, locale: str) -> bytes:
    """Every cell is a text, so that phone numbers keep their zeros and their plus."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet(translate(kind.title, locale))
        bold, text = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "@"})
        for number, (name, heading) in enumerate(zip(kind.fields, _headings(kind, locale), strict=True)):
            sheet.set_column(number, number, WIDTHS.get(name, 18), text)
            sheet.write_string(0, number, heading, bold)
        for number, value in enumerate(_example(kind, locale)):
            sheet.write_string(1, number, value, text)
        sheet.freeze_panes(1, 0)
    return content.getvalue()


def _headings(kind: ImportKind, locale: str) -> list[str]:
    return [translate(columns.NAMES[name], locale) for name in kind.fields]


def _example(kind: ImportKind, locale: str) -> list[str]:
    return [translate(kind.example[name], locale) for name in kind.fields]
