"""Every format can be read again, and says what was said."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.chat.exports import as_html, as_xlsx, reading
from app.chat.exports.as_csv import cell

TEXT = "大米还有吗？ <b>&\"'\n第二行 🌾"


def workbook(path: Path) -> Any:
    return openpyxl.load_workbook(io.BytesIO(path.read_bytes()))


@pytest.fixture
async def said(talk: Any, note: Any, chen_the_merchant: Any, lin_the_buyer: Any, picture: Any) -> int:
    """A conversation with everything in it."""
    number = await talk("b1", "m1", [TEXT, ("m1", "=1+1"), ("b1", "", picture)], labels=["vip", "急"], assignee_id="m1")
    await note(number, "m1", "Pays late.", 1)
    return int(number)


async def test_csv_is_what_a_spreadsheet_in_china_opens(exported: Any, said: int, chen_the_merchant: Any) -> None:
    path = await exported(chen_the_merchant, format="csv", locale="zh-CN")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        headings, *rows = list(csv.reader(file))
    assert headings[:3] == ["会话", "序号", "时间 (Asia/Shanghai)"]
    assert [row[7] for row in rows] == [TEXT, "'=1+1", ""]
    assert rows[0][0] == f"{said}\t"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", rows[0][2])
    assert rows[0][3:6] == ["买家", "lin", "b1"]
    assert rows[2][8] == "<rice>.jpg http://parley.test/media/uploads/2026/11/22/random.webp"
    assert rows[1][12:14] == ["vip, 急", "陈记米铺"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert cell(f"{start}cmd|' /C calc'!A0").startswith("'")
    assert cell(f"a{start}") == f"a{start}"


async def test_names_and_labels_are_no_formulas_either(
    exported: Any, talk: Any, enter: Any, chen_the_merchant: Any
) -> None:
    await enter("b5", "eve", "buyer", display_name='=HYPERLINK("http://x")')
    await talk("b5", "m1", ["hi"], labels=["@SUM(1)"])
    path = await exported(chen_the_merchant, format="csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        row = list(csv.reader(file))[1]
    assert not [value for value in row if value.startswith(("=", "+", "-", "@"))]


async def test_a_workbook_has_texts_numbers_and_times(
    exported: Any, said: int, talk: Any, chen_the_merchant: Any
) -> None:
    strange = "_x0041_ and https://x.test \x01 end"
    await talk("b1", "m1", [strange])
    sheet = workbook(await exported(chen_the_merchant, format="xlsx", locale="en"))["Messages"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:3] == ("Conversation", "No.", "Time (Asia/Shanghai)")
    assert rows[1][:2] == (str(said), 1)
    assert rows[1][2].year >= 2024
    assert [row[7] for row in rows[1:4]] == [TEXT, "=1+1", None]
    assert sheet.cell(3, 8).data_type in ("s", "inlineStr")
    assert openpyxl.utils.escape.unescape(rows[4][7]) == strange


async def test_a_full_sheet_is_followed_by_another(
    exported: Any, talk: Any, chen_the_merchant: Any, lin_the_buyer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_xlsx.XlsxFile.__init__, "__defaults__", (3,))
    await talk("b1", "m1", [f"message {number}" for number in range(7)])
    book = workbook(await exported(chen_the_merchant, format="xlsx"))
    assert [sheet.max_row for sheet in book] == [4, 4, 2]


async def test_json_is_one_document(exported: Any, said: int, talk: Any, chen_the_merchant: Any) -> None:
    await talk("b1", "m1", ["again"])
    document = json.loads((await exported(chen_the_merchant, format="json", include_notes=True)).read_bytes())
    first, second = document["conversations"]
    assert document["counts"] == {"conversations": 2, "messages": 4, "notes": 1}
    assert (first["id"], first["customer"], first["labels"]) == (str(said), {"id": "b1", "name": "lin"}, ["vip", "急"])
    assert [message["seq"] for message in first["messages"]] == [1, None, 2, 3]
    assert [message["content"] for message in first["messages"]] == [TEXT, "Pays late.", "=1+1", ""]
    assert first["messages"][3]["attachments"][0]["name"] == "<rice>.jpg"
    assert second["messages"][0]["content"] == "again"


async def test_an_export_of_nothing_is_a_whole_file(exported: Any, chen_the_merchant: Any) -> None:
    assert json.loads((await exported(chen_the_merchant, format="json")).read_bytes())["conversations"] == []
    with zipfile.ZipFile(await exported(chen_the_merchant, format="html")) as archive:
        assert sorted(archive.namelist()) == ["index.html", "style.css"]
    assert workbook(await exported(chen_the_merchant, format="xlsx")).active.max_row == 1


async def test_the_archive_has_pages_and_pictures(
    exported: Any, said: int, chen_the_merchant: Any, settings: Any
) -> None:
    with zipfile.ZipFile(await exported(chen_the_merchant, format="html", locale="zh-CN")) as archive:
        assert archive.testzip() is None
        page = archive.read(f"conversations/{said}.html").decode()
        index = archive.read("index.html").decode()
        picture = archive.read(f"media/{said}/random.webp")
    assert picture == (settings.media_dir / "uploads/2026/11/22/random.webp").read_bytes()
    assert "大米还有吗？ &lt;b&gt;&amp;&#34;&#39;" in page
    assert f'src="../media/{said}/random.webp" alt="&lt;rice&gt;.jpg"' in page
    assert "<script" not in page + index
    assert "Pays late" not in page
    assert 'lang="zh-CN"' in page
    assert f'href="conversations/{said}.html"' in index


async def test_a_long_index_goes_on_in_further_pages(
    exported: Any, talk: Any, chen_the_merchant: Any, lin_the_buyer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_html, "INDEX_ENTRIES", 2)
    for number in range(5):
        await talk("b1", "m1", [f"talk {number}"])
    with zipfile.ZipFile(await exported(chen_the_merchant, format="html")) as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    assert pages["index.html"].count("<tr><td>") == 2
    assert 'href="index-2.html"' in pages["index.html"]
    assert 'href="index.html"' in pages["index-2.html"]
    assert pages["index-3.html"].count("<tr><td>") == 1
    last = max(name for name in pages if name.startswith("conversations/"))
    assert 'href="../index-3.html"' in pages[last]


async def test_a_file_that_is_gone_is_named(exported: Any, said: int, chen_the_merchant: Any, settings: Any) -> None:
    (settings.media_dir / "uploads/2026/11/22/random.webp").unlink()
    with zipfile.ZipFile(await exported(chen_the_merchant, format="html", locale="en")) as archive:
        assert "“&lt;rice&gt;.jpg” is not there any more." in archive.read(f"conversations/{said}.html").decode()


@pytest.mark.parametrize("format", ["csv", "json", "html"])
async def test_pages_of_rows_lose_and_double_nothing(
    format: str, exported: Any, talk: Any, note: Any, chen_the_merchant: Any, lin_the_buyer: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Conversations shorter than, as long as, and longer than a chunk, with notes at the seams."""
    monkeypatch.setattr(reading, "CHUNK_ROWS", 4)
    monkeypatch.setattr(reading, "TALKS", 3)
    wanted = []
    for number, length in enumerate([1, 2, 9, 4, 8, 0, 3, 3, 5, 1]):
        words = [f"t{number}m{seq}" for seq in range(1, length + 1)]
        identity = await talk("b1", "m1", words)
        told = [(seq, 0, word) for seq, word in enumerate(words, 1)]
        for count, after in enumerate((0, min(4, length), length), 1):
            await note(identity, "m1", f"t{number}n{count}", after)
            told.append((after, count, f"t{number}n{count}"))
        wanted += [word for _, _, word in sorted(told)]
    path = await exported(chen_the_merchant, format=format, include_notes=True)
    if format == "html":
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if name.startswith("conversations/"))
            text = "".join(archive.read(name).decode() for name in names)
    else:
        text = path.read_text("utf-8")
    assert re.findall(r"t\d+[mn]\d+", text) == wanted
