"""An archive to read offline: a zip with an index, one page for each conversation, and the files that were sent.

No scripts, everything escaped, styles in one file. Pages are written while messages come; the index in pages of 500.
"""

import shutil
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from app.chat.exports.columns import About, clock
from app.chat.exports.reading import NOTE, Line, Talk
from app.files import urls
from app.kernel.html import environment

INDEX_ENTRIES = 500  # of one page of the index
COPY_BYTES = 65_536
MARK = "<!-- messages -->"  # where a conversation's page is cut in two
MEDIA = "uploads/"


class HtmlArchive:
    """Writes lines as pages of a zip."""

    def __init__(self, file: BinaryIO, about: About) -> None:
        self._about = about
        self._zone = about.zone
        self._words = about.words()
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        style = about.settings.frontend_dir / "static/css/pages/archive.css"
        self._zip.writestr("style.css", style.read_bytes())
        self._messages = environment().get_template("archive/_messages.html")
        self._page: IO[bytes] | None = None
        self._talk: Talk | None = None
        self._tail = ""
        self._day = ""
        self._files: dict[str, Path] = {}
        self._entries: list[dict[str, Any]] = []
        self._index_pages = 0

    def write(self, lines: Iterable[Line]) -> None:
        """Add lines."""
        for talk, said in groupby(lines, key=lambda line: line.talk):
            page = self._page
            if page is None or self._talk is None or talk.id != self._talk.id:
                page = self._open(talk)
            shown = [self._shown(line) for line in said]
            page.write(self._render(self._messages, messages=shown))
            self._entries[-1]["count"] += sum(1 for message in shown if message["kind"] != NOTE)
            self._entries[-1]["last"] = shown[-1]["date"]

    def finish(self) -> None:
        """Close the last page, write the index."""
        self._close()
        self._write_index(is_last=True)
        self._zip.close()

    def _open(self, talk: Talk) -> IO[bytes]:
        self._close()
        if len(self._entries) == INDEX_ENTRIES:
            self._write_index(is_last=False)
        self._entries.append({"id": talk.id, "talk": talk, "count": 0, "last": ""})
        template = environment().get_template("archive/conversation.html")
        back = self._index_name(self._index_pages)
        whole = self._render(template, talk=talk, back=back, status=self._words.get(talk.status, talk.status))
        head, tail = whole.decode().split(MARK)
        page = self._zip.open(f"conversations/{talk.id}.html", "w")
        page.write(head.encode())
        self._talk, self._page, self._tail, self._day = talk, page, tail, ""
        return page

    def _close(self) -> None:
        if self._page is None:
            return
        self._page.write(self._tail.encode())
        self._page.close()
        self._page = None
        for name, path in self._files.items():
            self._copy(name, path)
        self._files = {}

    def _copy(self, name: str, path: Path) -> None:
        # Pictures are compressed already.
        into = ZipInfo.from_file(path, name)
        into.compress_type = ZIP_STORED
        with path.open("rb") as source, self._zip.open(into, "w") as target:
            shutil.copyfileobj(source, target, COPY_BYTES)

    def _write_index(self, *, is_last: bool) -> None:
        number = self._index_pages
        page = self._render(
            environment().get_template("archive/index.html"),
            entries=self._entries,
            number=number + 1,
            before=self._index_name(number - 1) if number else "",
            after="" if is_last else self._index_name(number + 1),
            made_at=clock(self._about.at, self._zone),
            zone=self._about.settings.time_zone,
        )
        self._zip.writestr(self._index_name(number), page)
        self._index_pages += 1
        self._entries = []

    def _index_name(self, number: int) -> str:
        return f"index-{number + 1}.html" if number else "index.html"

    def _shown(self, line: Line) -> dict[str, Any]:
        date, _, time = clock(line.created_at, self._zone).partition(" ")
        is_new_day, self._day = date != self._day, date
        return {
            "kind": line.kind,
            "side": line.side,
            "side_word": self._words.get(line.side, line.side),
            "sender": line.sender,
            "content": line.content,
            "date": date,
            "time": time,
            "is_new_day": is_new_day,
            "files": self._attached(line.attachments),
        }

    def _attached(self, attachments: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                "name": file["name"],
                "address": self._taken(str(file["url"])),
                "is_image": str(file.get("content_type", "")).startswith("image/"),
                "width": file.get("width"),
                "height": file.get("height"),
                "kilobytes": max(1, round((file.get("size") or 0) / 1024)),
            }
            for file in attachments
        ]

    def _taken(self, url: str) -> str:
        """Note a file for the archive; its address as a page of a conversation sees it, or "" when it is not there."""
        path = PurePosixPath(url.removeprefix(urls.PREFIX))
        if not path.as_posix().startswith(MEDIA) or ".." in path.parts or self._talk is None:
            return ""
        name = f"media/{self._talk.id}/{path.name}"
        if name not in self._files:
            place = self._about.settings.media_dir / path
            if not place.is_file():
                return ""
            self._files[name] = place
        return f"../{name}"

    def _render(self, template: Any, **values: Any) -> bytes:
        rendered: str = template.render(locale=self._about.locale, **values)
        return rendered.encode()
