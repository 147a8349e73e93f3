"""Tables as people have them: headings in two languages, encodings, delimiters, and files that mean harm."""

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from app.chat.imports import columns, tables
from app.kernel.errors import AppError
from tests.imports.conftest import csv_of, workbook


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def run(content: bytes) -> list[tuple[int, list[str]]]:
        path = tmp_path / "content"
        path.write_bytes(content)
        return [tuple(row) for row in tables.read(path, lambda found: columns.fitness(found, columns.CONTACT))]  # type: ignore[misc]

    return run


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_found_out(encoding: str, delimiter: str, read: Any) -> None:
    rows = [["姓名", "电话", "备注"], ["陈丽", "138 0013 8000", "爱吃大米, 也爱喝茶; 周末来"]]
    if delimiter != "\t":
        rows[1][2] = f'"{rows[1][2]}"'
    found = read(csv_of(*(delimiter.join(row) for row in rows), encoding=encoding))
    assert found == [(1, rows[0]), (2, [*rows[1][:2], rows[1][2].strip('"')])]


def test_lines_are_counted_as_an_editor_counts_them(read: Any) -> None:
    found = read(csv_of("name,note", 'Lin,"one', "two", 'three"', "", "Maria,x"))
    assert [line for line, _ in found] == [1, 2, 6]
    assert found[1][1] == ["Lin", "one\r\ntwo\r\nthree"]


def test_a_workbook_gives_texts(read: Any) -> None:
    found = read(workbook(["Name", "Phone", "Note"], ["Lin", 13800138000, None], [None, None, None], ["Mo", 1.5, True]))
    assert found == [(1, ["Name", "Phone", "Note"]), (2, ["Lin", "13800138000"]), (4, ["Mo", "1.5", "yes"])]


def test_the_apostrophe_of_our_exports_goes_again(read: Any) -> None:
    assert read(csv_of("name,phone", "'=Lin,'+8613800138000"))[1][1] == ["=Lin", "+8613800138000"]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("E-Mail", "email"), ("邮箱", "email"), ("Ｐhone：", "phone"), ("手机号码", "phone"), (" full_name ", "name"),
        ("备注", "note"), ("公司", "company"), ("shoe size", None),
    ],
)  # fmt: skip
def test_headings_are_known_in_two_languages(heading: str, field: str | None) -> None:
    assert columns.recognised([heading], columns.CONTACT) == [field]


def test_the_second_column_of_a_field_is_left_out() -> None:
    assert columns.recognised(["电话", "手机", "name"], columns.CONTACT) == ["phone", None, "name"]


def test_more_rows_than_the_limit_are_refused(read: Any) -> None:
    rows = ["name", *(f"n{number}" for number in range(tables.MAX_ROWS))]
    assert len(read(csv_of(*rows))) == tables.MAX_ROWS + 1
    with pytest.raises(AppError) as refusal:
        read(csv_of(*rows, "one too many"))
    assert (refusal.value.status, refusal.value.code) == (413, "too_many_rows")


def zipped(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return content.getvalue()


def with_part(name: str, change: Any) -> bytes:
    """A good workbook with one part made into another."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["name"], ["Lin"]))) as good:
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bad:
            for part in good.namelist():
                bad.writestr(part, change(good.read(part)) if part == name else good.read(part))
    return content.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_opened(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = with_part("xl/worksheets/sheet1.xml", lambda part: part + b" " * 60_000_000)
    assert len(bomb) < 100_000
    monkeypatch.setattr(openpyxl, "load_workbook", None)
    with pytest.raises(AppError) as refusal:
        read(bomb)
    assert (refusal.value.status, refusal.value.code) == (413, "workbook_too_large")


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("xl/styles.xml", lambda part: part.replace(b"</styleSheet>", b"<a/>" * 2_600_000 + b"</styleSheet>")),
        ("xl/worksheets/sheet1.xml", lambda part: part.replace(b"</row>", b"<c/>" * 2_600_000 + b"</row>")),
    ],
)
def test_a_part_of_very_many_elements_is_refused_before_it_is_a_tree(
    part: str, change: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = with_part(part, change)
    assert len(bomb) < 100_000
    monkeypatch.setattr(openpyxl, "load_workbook", None)
    with pytest.raises(AppError) as refusal:
        read(bomb)
    assert (refusal.value.status, refusal.value.code) == (413, "workbook_too_large")


def test_one_long_text_that_many_cells_show_is_refused(read: Any) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for row in range(400):
            sheet.write_string(row, 0, "x" * 32_000)  # kept once, with a number in each cell
    assert len(content.getvalue()) < 20_000
    with pytest.raises(AppError) as refusal:
        read(content.getvalue())
    assert (refusal.value.status, refusal.value.code) == (413, "workbook_too_large")


def test_a_bomb_that_lies_about_its_size_is_refused(read: Any) -> None:
    honest = with_part("xl/worksheets/sheet1.xml", lambda part: part + b" " * 60_000_000)
    size = 60_000_000 + len(zipfile.ZipFile(io.BytesIO(workbook(["name"], ["Lin"]))).read("xl/worksheets/sheet1.xml"))
    lying = honest.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != honest
    with pytest.raises(AppError) as refusal:
        read(lying)
    assert refusal.value.code == "broken_workbook"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(encoding: str, read: Any) -> None:
    laugh = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'

    def add(part: bytes) -> bytes:
        head, sep, rest = part.decode().partition("<worksheet")
        return (head.replace("UTF-8", encoding) + laugh + sep + rest).encode(encoding)

    with pytest.raises(AppError) as refusal:
        read(with_part("xl/worksheets/sheet1.xml", add))
    assert refusal.value.code == "broken_workbook"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_table"),
        (b"\r\n\r\n", "empty_table"),
        (b"\x00\x01\x02\x03binary", "not_a_table"),
        (b"%PDF-1.7\n\x80\xff\xfe\xff", "not_a_table"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + b"x" * 600, "old_excel"),
        (b"PK\x03\x04 no zip at all", "broken_workbook"),
        (zipped(hello=b"world"), "broken_workbook"),
        (zipped(**{f"part{number}": b"x" for number in range(600)}), "workbook_too_large"),
        (b'name\n"' + b"x" * 200_000, "broken_table"),
    ],
)
def test_rubbish_is_refused_with_a_sentence(content: bytes, code: str, read: Any) -> None:
    with pytest.raises(AppError) as refusal:
        read(content)
    assert refusal.value.code == code


@pytest.mark.parametrize("at", range(0, 5000, 250))
def test_a_broken_workbook_is_never_a_fault_of_ours(at: int, read: Any) -> None:
    good = bytearray(workbook(["name"], ["Lin"]))
    good[at % len(good)] ^= 0xFF
    try:
        read(bytes(good))
    except AppError as refusal:
        assert refusal.status in (400, 413, 415)
