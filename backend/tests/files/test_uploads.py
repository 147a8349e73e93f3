"""Uploads through the door: what is taken, what becomes of it, what is refused, and who may attach it."""

import io
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from PIL import Image, ImageCms
from sqlmodel import select

from app.files import images, uploads
from app.files.models import StoredFile
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import NotFound

UPLOAD = "/api/v1/upload/"
Picture = Callable[..., bytes]
EXIF_ORIENTATION, EXIF_MAKE = 0x0112, 0x010F


async def send(client: AsyncClient, headers: dict[str, str], content: bytes, name: str = "x.png") -> Response:
    return await client.post(UPLOAD, files={"file": (name, content, "image/png")}, headers=headers)


def stored(settings: Settings) -> list[Path]:
    return [path for path in (settings.media_dir / "uploads").rglob("*") if path.is_file()]


async def opened(client: AsyncClient, link: str) -> Image.Image:
    answer = await client.get(link)
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.content))


async def test_a_photo_becomes_a_webp_with_a_thumbnail(
    client: AsyncClient, settings: Settings, lin: dict[str, str], picture: Picture
) -> None:
    answer = await send(client, lin, picture("JPEG", (1200, 900)), "米.jpg")
    assert answer.status_code == 201
    said = answer.json()
    assert isinstance(said["id"], str)
    assert (said["name"], said["content_type"], said["width"], said["height"]) == ("米.jpg", "image/webp", 1200, 900)
    assert said["url"].startswith(f"{settings.base_url}/media/uploads/")
    assert "米" not in said["url"]
    assert (await opened(client, said["url"])).format == "WEBP"
    assert (await opened(client, said["thumbnail_url"])).size == (480, 360)
    assert len((await client.get(said["url"])).content) == said["size"]


async def test_a_small_picture_needs_no_thumbnail(client: AsyncClient, lin: dict[str, str], picture: Picture) -> None:
    assert "thumbnail_url" not in (await send(client, lin, picture(size=(32, 32)))).json()


async def test_where_a_photo_was_taken_stays_with_the_buyer(
    client: AsyncClient, lin: dict[str, str], picture: Picture
) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    exif[EXIF_MAKE] = "SecretPhone"
    said = (await send(client, lin, picture("JPEG", (40, 20), exif=exif))).json()
    drawn = await opened(client, said["url"])
    assert drawn.size == (20, 40)  # upright
    assert dict(drawn.getexif()) == {}
    assert b"SecretPhone" not in (await client.get(said["url"])).content


async def test_no_other_metadata_stays_either(client: AsyncClient, lin: dict[str, str], picture: Picture) -> None:
    xmp = b"<x:xmpmeta>SecretPlace</x:xmpmeta>"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "green")]
    moving = io.BytesIO()
    frames[0].save(moving, "WEBP", save_all=True, append_images=frames[1:], xmp=xmp, icc_profile=profile)
    for content in (
        picture("JPEG", xmp=xmp, icc_profile=profile),
        picture("PNG", icc_profile=profile),
        picture("WEBP", xmp=xmp, icc_profile=profile, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
        moving.getvalue(),
    ):
        said = (await send(client, lin, content)).json()
        kept = (await client.get(said["url"])).content
        assert [word for word in (b"SecretPlace", b"ICCP", b"EXIF", b"XMP ") if word in kept] == []


async def test_a_script_behind_the_pixels_is_gone(client: AsyncClient, lin: dict[str, str], picture: Picture) -> None:
    script = b"*/=alert(document.cookie)//<script>alert(1)</script>"
    polyglots = [
        b"GIF89a/*" + picture("GIF")[8:] + script,  # begins as GIF and as JavaScript; its size field is the comment
        picture("GIF") + script,
        picture("PNG") + script,
        picture("JPEG", comment=script),
    ]
    for polyglot in polyglots:
        answer = await send(client, lin, polyglot, "x.gif")
        if answer.status_code == 201:
            content = (await client.get(answer.json()["url"])).content
            assert content.startswith(b"RIFF")
            assert b"alert" not in content
        else:
            assert answer.status_code in (413, 415)
    assert (await send(client, lin, polyglots[1], "x.gif")).status_code == 201


async def test_an_animation_keeps_moving(client: AsyncClient, lin: dict[str, str]) -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "green", "blue")]
    output = io.BytesIO()
    frames[0].save(output, "GIF", save_all=True, append_images=frames[1:], duration=70, loop=0)
    said = (await send(client, lin, output.getvalue(), "x.gif")).json()
    drawn = await opened(client, said["url"])
    assert getattr(drawn, "n_frames", 1) == 3
    assert said["thumbnail_url"]


async def test_an_animation_with_too_many_frames_is_refused(client: AsyncClient, lin: dict[str, str]) -> None:
    frames = [Image.new("RGB", (8, 8), (number % 256, number // 256, 0)) for number in range(images.MAX_FRAMES + 1)]
    output = io.BytesIO()
    frames[0].save(output, "GIF", save_all=True, append_images=frames[1:], duration=20)
    assert (await send(client, lin, output.getvalue(), "x.gif")).status_code == 413


@pytest.mark.parametrize("size", [(6400, 6400), (12000, 12000), (60000, 60000)])
async def test_a_decompression_bomb_is_not_unpacked(
    client: AsyncClient, settings: Settings, lin: dict[str, str], size: tuple[int, int]
) -> None:
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"".join(n.to_bytes(4, "big") for n in size)
    answer = await send(client, lin, header + b"\x01\x00\x00\x00\x00\x00\x00\x00\x00" + b"\x00" * 64)
    assert answer.status_code in (413, 415)
    assert stored(settings) == []


async def test_a_broken_image_is_a_415(client: AsyncClient, lin: dict[str, str], picture: Picture) -> None:
    for broken in (
        picture()[:200],
        picture("JPEG")[:300],
        picture("GIF")[:20],
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBPVP8 ",
    ):
        answer = await send(client, lin, broken)
        assert answer.status_code == 415, broken[:10]


def office(part: str, *others: str) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name in ("[Content_Types].xml", part, *others):
            archive.writestr(name, "<x/>")
    return output.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "price list.pdf", "application/pdf"),
        ("大米, 25 kg\n".encode(), "list.csv", "text/csv"),
        ("大米, 25 kg\n".encode("gb18030"), "list.txt", "text/plain"),
        (b"<script>alert(1)</script>", "notes.txt", "text/plain"),
        (
            office("word/document.xml"),
            "x.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (office("xl/workbook.xml"), "x.bin", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600, "x.xls", "application/vnd.ms-excel"),
    ],
)
async def test_documents_are_taken_as_they_are_and_never_shown_in_place(
    client: AsyncClient, lin: dict[str, str], content: bytes, name: str, content_type: str
) -> None:
    said = (await send(client, lin, content, name)).json()
    assert (said["content_type"], said["name"], said["size"]) == (content_type, name, len(content))
    assert "width" not in said
    answer = await client.get(said["url"])
    assert answer.content == content
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "html" not in answer.headers["content-type"]


REFUSED = [
    (b"<html><script>alert(1)</script></html>", "x.html"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "x.svg"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "x.png"),
    (b"alert(1)", "x.js"),
    (b"MZ\x90\x00" + b"\0" * 200, "setup.exe"),
    (b"MZ\x90\x00" + b"\0" * 200, "photo.jpg"),
    (b"\x7fELF" + b"\0" * 60, "x.txt"),
    (b"PK\x03\x04" + b"\0" * 60, "x.docx"),
    (office("word/document.xml", "word/vbaProject.bin"), "x.docm"),
    (office("anything.txt"), "x.zip"),
    (b"BM" + b"\0" * 60, "x.bmp"),
    (b"", "empty.txt"),
    (b"no ending", "README"),
]


async def test_everything_else_is_refused(client: AsyncClient, settings: Settings, lin: dict[str, str]) -> None:
    for content, name in REFUSED:
        assert (await send(client, lin, content, name)).status_code == 415, name
    assert stored(settings) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\lin\\a.txt", "a.txt"),
        ("photo\u202egpj.txt", "photogpj.txt"),
        ("a\r\nb.txt", "ab.txt"),
        ("..txt", "txt"),
        ("x" * 300 + ".txt", "x" * 196 + ".txt"),
    ],
)
async def test_a_name_is_a_label_and_no_path(db: Database, settings: Settings, lin: Any, name: str, shown: str) -> None:
    from app.files import kinds

    assert kinds.label(name) == shown
    assert kinds.label(None) == "file"


@pytest.mark.parametrize("is_declared", [True, False])
async def test_a_huge_file_is_cut_off_while_it_arrives(
    client: AsyncClient, settings: Settings, lin: dict[str, str], is_declared: bool
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n'
        while sent < settings.max_file_size * 3:
            sent += 65_536
            yield b"x" * 65_536

    headers = lin | {"Content-Type": "multipart/form-data; boundary=x"}
    if is_declared:
        headers["Content-Length"] = str(settings.max_file_size * 3)
    answer = await client.post(UPLOAD, content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert stored(settings) == []


async def test_a_file_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(
    client: AsyncClient, settings: Settings, lin: dict[str, str]
) -> None:
    assert (await send(client, lin, b"x" * settings.max_file_size, "x.txt")).status_code == 201
    assert (await send(client, lin, b"x" * (settings.max_file_size + 1), "x.txt")).status_code == 413


async def test_strangers_upload_nothing(client: AsyncClient, settings: Settings, picture: Picture) -> None:
    assert (await send(client, {}, picture())).status_code == 401
    assert stored(settings) == []


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"file": "text"}},
        {"files": {"other": ("x.png", b"x")}},
        {"content": b"\x00\xff", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"{}", "headers": {"Content-Type": "application/json"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    ],
)
async def test_a_body_without_a_file_is_a_clear_error(
    client: AsyncClient, lin: dict[str, str], body: dict[str, Any]
) -> None:
    headers = lin | body.pop("headers", {})
    assert (await client.post(UPLOAD, headers=headers, **body)).status_code == 400


async def test_only_the_owner_takes_a_file_and_may_take_it_again(
    client: AsyncClient, db: Database, lin: dict[str, str], chen: dict[str, str], picture: Picture
) -> None:
    first = int((await send(client, lin, picture(), "1.png")).json()["id"])
    second = int((await send(client, lin, b"x", "2.txt")).json()["id"])
    async with db.writing() as session:
        taken = await uploads.take(session, "b1", [second, first], 7)
        assert [one["name"] for one in taken] == ["2.txt", "1.png"]
        assert taken[1]["url"].startswith("/media/uploads/")
        assert await uploads.take(session, "b1", [], 7) == []
    async with db.writing() as session:
        assert await uploads.take(session, "b1", [first], 8) == [taken[1]]
        for owner, ids in (("m1", [first]), ("b1", [first, 404]), ("b1", [-1])):
            with pytest.raises(NotFound):
                await uploads.take(session, owner, ids, 7)
        rows = (await session.exec(select(StoredFile))).all()
        assert all(row.attached_at is not None for row in rows)
