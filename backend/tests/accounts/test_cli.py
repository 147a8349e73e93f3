"""The command line, as an operator types it."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from typer.testing import CliRunner

from app.cli import cli
from app.kernel.config import Settings, get_settings
from app.kernel.db import Database

BACKEND = Path(__file__).parents[2]


@pytest.fixture
def environment(db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process' environment names the database of the test, as an operator's shell would."""
    names = {"DATABASE_URL": settings.database_url, "PARLEY_VAR": str(settings.var_dir)}
    for name, value in (names | {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_KIB": "8"}).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


async def script(*command: str) -> tuple[int, str]:
    """Run a script of the backend; answers its exit code and everything that it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=BACKEND,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def signs_in(client: AsyncClient, username: str, password: str) -> bool:
    answer = await client.post("/api/v1/auth/login", json={"username": username, "password": password})
    return answer.status_code == 200


async def test_an_operator_creates_an_admin_and_changes_the_password(client: AsyncClient, environment: None) -> None:
    code, said = await script("create_admin.py", "a1", "admin", "admin123")
    assert (code, said.strip()) == (0, "Created the admin admin (a1).")
    assert await signs_in(client, "admin", "admin123")
    code, said = await script("change_password.py", "Admin", "another-one")
    assert code == 0, said
    assert not await signs_in(client, "admin", "admin123")
    assert await signs_in(client, "admin", "another-one")


@pytest.mark.parametrize(
    "arguments",
    [
        ["create-admin", "b1", "admin", "admin123"],
        ["create-admin", "1", "admin", "admin123"],
        ["create-admin", "a1", "admin", "short"],
        ["create-admin", "a1", "lin", "admin123"],
        ["create-admin"],
        ["change-password", "nobody", "admin123"],
        ["change-password", "lin", "short"],
    ],
)
async def test_a_refusal_is_a_sentence_and_no_traceback(
    environment: None, lin_the_buyer: Any, arguments: list[str]
) -> None:
    result = await asyncio.to_thread(CliRunner().invoke, cli, arguments)
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert "admin123" not in result.output
    assert result.output.strip()


async def test_the_password_is_asked_for_when_it_is_left_out(client: AsyncClient, environment: None) -> None:
    arguments = ["create-admin", "a1", "admin"]
    result = await asyncio.to_thread(lambda: CliRunner().invoke(cli, arguments, input="admin123\nadmin123\n"))
    assert result.exit_code == 0
    assert "admin123" not in result.output
    assert await signs_in(client, "admin", "admin123")
