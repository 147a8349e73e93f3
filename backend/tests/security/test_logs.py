"""What a stranger asks for cannot write our log, and every route of the API is counted under its own name."""

from collections.abc import Iterator

import pytest
from httpx2 import AsyncClient
from loguru import logger

from tests.people import Person


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Messages of the log."""
    written: list[str] = []
    sink = logger.add(lambda message: written.append(message.record["message"]), level="DEBUG")
    yield written
    logger.remove(sink)


@pytest.mark.parametrize("path", ["/chat/x%0A12:00:00 INFO POST /forged 200", "/chat/%1b[2J", "/media/%00%0d%0aX"])
async def test_a_path_stays_one_line(client: AsyncClient, lines: list[str], path: str) -> None:
    await client.get(path)
    asked = [line for line in lines if line.startswith("GET ")]
    assert len(asked) == 1
    assert asked[0].isprintable()


async def test_the_api_is_in_the_log_and_in_the_metrics(
    client: AsyncClient, lines: list[str], lin_the_buyer: Person
) -> None:
    await client.get("/api/conversations?q=secret", headers=lin_the_buyer.headers)
    assert any(line.startswith("GET /api/conversations 200") for line in lines)
    assert not any("secret" in line for line in lines)
    assert '/conversations/"' in (await client.get("/metrics")).text
