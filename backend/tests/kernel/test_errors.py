"""Errors: one shape, two languages, a request id, and nothing of our insides."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.kernel.config import Settings
from app.kernel.errors import AppError
from app.kernel.i18n import negotiate, translate
from tests.people import Person

CONVERSATIONS = "/api/v1/conversations/"


async def said(client: AsyncClient, **headers: str) -> str:
    answer = await client.get(CONVERSATIONS, headers=headers)
    assert answer.status_code == 401
    detail: str = answer.json()["detail"]
    return detail


async def test_the_caller_is_answered_in_the_callers_language(client: AsyncClient) -> None:
    assert await said(client) == "Please sign in."
    chinese = await said(client, **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
    assert await said(client, Cookie="parley_locale=zh-CN") == chinese
    assert await said(client, Cookie="parley_locale=en", **{"Accept-Language": "zh"}) == "Please sign in."
    assert await said(client, Cookie="parley_locale=xx", **{"Accept-Language": "zh"}) == chinese


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("ZH-hans-cn", "zh-CN"),
        ("en-GB,zh;q=0.9", "en"),
        ("en;q=0.1,zh;q=0.9", "zh-CN"),
        ("fr,zh;q=0.5,en;q=0.3", "zh-CN"),
        ("fr", "en"),
        ("*", "en"),
        ("zh;q=x,en", "en"),
        (";;,,q=", "en"),
    ],
)
def test_a_language_is_chosen_by_preference(header: str, language: str) -> None:
    assert negotiate(header) == language


def test_a_sentence_nobody_translated_stays_english_with_its_values() -> None:
    assert translate("Nobody knows {this}.", "zh-CN", this="米") == "Nobody knows 米."


async def test_every_answer_bears_a_request_id_and_ours_is_kept(client: AsyncClient) -> None:
    for address in ("/api/v1/health", CONVERSATIONS, "/nowhere"):
        first, second = await client.get(address), await client.get(address)
        assert len(first.headers["x-request-id"]) == 32
        assert first.headers["x-request-id"] != second.headers["x-request-id"]
    given = await client.get(CONVERSATIONS, headers={"X-Request-ID": "order-4711.a_b"})
    assert given.headers["x-request-id"] == "order-4711.a_b"


@pytest.mark.parametrize("ticket", ["short", "x" * 65, "with space 123", "<script>alert</script>", "a\tbcdefghi"])
async def test_a_strange_request_id_is_replaced(client: AsyncClient, ticket: str) -> None:
    answer = await client.get(CONVERSATIONS, headers={"X-Request-ID": ticket})
    assert answer.headers["x-request-id"] != ticket


async def test_an_address_that_is_not_there_and_a_method_that_is_not(client: AsyncClient) -> None:
    nowhere = await client.get("/api/v1/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    method = await client.patch(CONVERSATIONS)
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert set(nowhere.json()) == {"detail", "code"}


async def test_wrong_fields_are_listed_without_their_values(client: AsyncClient) -> None:
    answer = await client.post("/api/v1/auth/login", json={"username": "lin", "password": ["hunter2" * 10]})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid")
    assert body["errors"][0]["loc"][-1] == "password"
    assert "hunter2" not in answer.text
    assert set(body["errors"][0]) == {"loc", "msg", "type"}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"", b"nul", b'{"a":' * 300 + b"1" + b"}" * 300])
async def test_what_is_not_json_is_said(client: AsyncClient, lin_the_buyer: Person, body: bytes) -> None:
    headers = lin_the_buyer.headers | {"Content-Type": "application/json"}
    answer = await client.post(CONVERSATIONS, content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert set(answer.json()) >= {"detail", "code"}


@pytest.mark.parametrize("is_debug", [False, True])
async def test_a_fault_of_ours_is_a_500_without_insides_unless_debugging(
    app: FastAPI, client: AsyncClient, is_debug: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.kernel.telemetry import Telemetry

    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(app.state, "authenticate", fail)
    layer = app.middleware_stack
    while layer is not None and not isinstance(layer, Telemetry):
        layer = getattr(layer, "app", None)
    if layer is None:
        await client.get("/api/v1/health")  # builds the stack
        layer = app.middleware_stack
        while not isinstance(layer, Telemetry):
            layer = layer.app  # type: ignore[union-attr]
    monkeypatch.setattr(layer, "debug", is_debug)
    answer = await client.get(CONVERSATIONS)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (500, "internal")
    assert body["request_id"] == answer.headers["x-request-id"]
    assert ("hunter2" in answer.text) == is_debug


def test_an_error_fills_its_sentence() -> None:
    error = AppError(422, "invalid", "At most {max}.", max=5)
    assert (str(error), error.text, error.params) == ("At most 5.", "At most {max}.", {"max": 5})
    json.dumps({"detail": str(error)})


async def test_health_says_whether_it_can_serve(client: AsyncClient, app: FastAPI, settings: Settings) -> None:
    for address in ("/health", "/api/v1/health", "/api/health/"):
        answer = await client.get(address)
        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"
        assert answer.json()["database"] == "up"

    async def away() -> None:
        raise OSError

    app.state.db.ping = away
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"], answer.json()["database"]) == (503, "unavailable", "down")
