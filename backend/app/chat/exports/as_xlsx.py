"""An Excel workbook that is written row by row. Texts are texts: nothing in them becomes a formula or a link."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from app.chat.exports.columns import TIME, About, Columns
from app.chat.exports.reading import Line
from app.kernel.i18n import sentence

MAX_ROWS = 1_000_000  # of one sheet, beside its heading; Excel's own end is 1 048 576
SHEET = sentence("Messages")
WIDTHS = (21, 7, 19, 10, 18, 12, 9, 60, 30, 18, 12, 11, 18, 16, 21, 18, 12)
DAY_SECONDS = 86_400
EPOCH_DAY = 25_569  # 1970-01-01 in Excel's days


class XlsxFile:
    """Writes lines as rows, a new sheet after each million. Temporary files lie in `folder`."""

    def __init__(self, file: BinaryIO, about: About, folder: Path, max_rows: int = MAX_ROWS) -> None:
        self._about = about
        self._columns = Columns(about)
        self._zone = about.zone
        self._max_rows = max_rows
        options = {"constant_memory": True, "tmpdir": str(folder), "in_memory": False}
        self._book = xlsxwriter.Workbook(file, options)
        self._book.use_zip64()
        self._book.set_properties({"title": about.say("Conversations"), "author": "Parley"})
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheets = 0
        self._offsets: dict[int, float] = {}
        self._sheet = self._next_sheet()

    def write(self, lines: Iterable[Line]) -> None:
        """Add lines."""
        for line in lines:
            if self._rows > self._max_rows:
                self._sheet = self._next_sheet()
            sheet, row = self._sheet, self._rows
            for number, value in enumerate(self._columns.row(line)):
                if number == TIME:
                    sheet.write_number(row, number, self._day(line.created_at), self._moment)
                elif type(value) is int:
                    sheet.write_number(row, number, value)
                elif value:
                    sheet.write_string(row, number, value)
            self._rows += 1

    def finish(self) -> None:
        """Put the sheets together. Takes a third of the whole time, and writes to the file all the while."""
        self._close_sheet()
        self._book.close()

    def _next_sheet(self) -> Worksheet:
        if self._sheets:
            self._close_sheet()
        self._sheets += 1
        title = self._about.say(SHEET)
        sheet = cast(Worksheet, self._book.add_worksheet(title if self._sheets == 1 else f"{title} {self._sheets}"))
        for number, heading in enumerate(self._columns.headings):
            sheet.set_column(number, number, WIDTHS[number])
            sheet.write_string(0, number, heading, self._bold)
        sheet.freeze_panes(1, 0)
        self._rows = 1
        return sheet

    def _close_sheet(self) -> None:
        self._sheet.autofilter(0, 0, max(1, self._rows - 1), len(self._columns.headings) - 1)

    def _day(self, at: int) -> float:
        """Excel's days have no time zone, so we write what the installation's clocks showed."""
        hour = at // 3600
        offset = self._offsets.get(hour)
        if offset is None:
            if len(self._offsets) > 10_000:
                self._offsets.clear()
            shown: Any = datetime.fromtimestamp(at, self._zone).utcoffset()
            offset = self._offsets[hour] = shown.total_seconds()
        return (at + offset) / DAY_SECONDS + EPOCH_DAY
