"""CSV for spreadsheets: UTF-8 with a mark (else Excel in China reads GBK), and no cell is a formula."""

import csv
import io
from collections.abc import Iterable
from typing import Any, BinaryIO

from app.chat.exports.columns import MESSAGE_ID, TIME, About, Columns, clock
from app.chat.exports.reading import Line

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Excel shows 18 digits as 8.12346E+17 and forgets the last three; a tab behind them makes them text.
ID_END = "\t"


class CsvFile:
    """Writes lines as rows."""

    def __init__(self, file: BinaryIO, about: About) -> None:
        self._columns = Columns(about)
        self._zone = about.zone
        self._text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        self._rows = csv.writer(self._text)
        self._rows.writerow(self._columns.headings)

    def write(self, lines: Iterable[Line]) -> None:
        """Add lines."""
        self._rows.writerows(map(self._row, lines))

    def finish(self) -> None:
        """Hand the rest to the file, which stays open."""
        self._text.flush()
        self._text.detach()

    def _row(self, line: Line) -> list[Any]:
        row = [cell(value) if type(value) is str else value for value in self._columns.row(line)]
        row[0] += ID_END
        row[TIME] = clock(line.created_at, self._zone)
        row[MESSAGE_ID] += ID_END
        return row


def cell(text: str) -> str:
    """`text` so that no spreadsheet runs it (OWASP, "CSV Injection"): what begins like a formula gets an apostrophe."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text
