"""The door to stored bytes: inside the folder everything, outside nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from PIL import Image

from app.files import avatars
from app.kernel.config import Settings

Picture = Callable[..., bytes]


@pytest.fixture
def photo(settings: Settings, picture: Picture) -> Path:
    path = settings.media_dir / "uploads/2026/11/22/x.webp"
    path.parent.mkdir(parents=True)
    path.write_bytes(picture("WEBP"))
    return path


ELSEWHERE = [
    "../parley.db",
    "uploads/../../parley.db",
    "uploads/%2e%2e/%2e%2e/parley.db",
    "uploads/..%2f..%2fparley.db",
    "uploads\\..\\..\\parley.db",
    "%2fetc/passwd",
    "/etc/passwd",
    "//etc/passwd",
    "uploads//etc/passwd",
    "secret.txt",
    "other/x.webp",
    "uploads/",
    "uploads",
    "",
    "uploads/.hidden",
    "uploads/x%00.webp",
    "uploads/" + "x" * 5000,
    "uploads/link",
    "uploads/link/hostname",
]


async def test_no_path_leaves_the_folder(client: AsyncClient, settings: Settings, photo: Path) -> None:
    (settings.media_dir.parent / "parley.db").touch()
    (settings.media_dir / "secret.txt").write_text("secret")
    (settings.media_dir / "uploads/.hidden").write_text("secret")
    (settings.media_dir / "other").mkdir()
    (settings.media_dir / "other/x.webp").write_text("secret")
    (settings.media_dir / "uploads/link").symlink_to("/etc")
    assert [path for path in ELSEWHERE if (await client.get(f"/media/{path}")).status_code != 404] == []


async def test_an_image_is_shown_in_place_and_kept_for_ever(client: AsyncClient, photo: Path, picture: Picture) -> None:
    answer = await client.get("/media/uploads/2026/11/22/x.webp")
    assert answer.content == picture("WEBP")
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "content-disposition" not in answer.headers
    head = await client.head("/media/uploads/2026/11/22/x.webp")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_part_of_a_file_can_be_had(client: AsyncClient, photo: Path) -> None:
    answer = await client.get("/media/uploads/2026/11/22/x.webp", headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"RIFF")
    beyond = await client.get("/media/uploads/2026/11/22/x.webp", headers={"Range": "bytes=999999-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.js", "x.xhtml", "x.bin", "x"])
async def test_what_a_browser_would_run_is_saved_instead(
    client: AsyncClient, settings: Settings, photo: Path, name: str
) -> None:
    photo.with_name(name).write_text("<script>alert(1)</script>")
    answer = await client.get(f"/media/uploads/2026/11/22/{name}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_default_avatars_are_there_and_drawn_once(client: AsyncClient, settings: Settings) -> None:
    avatars.ensure_defaults(settings.media_dir)
    links = {avatars.default_of(f"b{number}") for number in range(50)} | {"/media/avatars/default.png"}
    assert len(links) == len(avatars.COLOURS) + 1
    for link in links:
        assert (await client.get(link)).status_code == 200
    path = settings.media_dir / "avatars/default.png"
    with Image.open(path) as image:
        assert image.size == (avatars.SIZE, avatars.SIZE)
    path.write_bytes(b"the shop's own")
    avatars.ensure_defaults(settings.media_dir)
    assert path.read_bytes() == b"the shop's own"
    assert not list(path.parent.glob(".*"))
