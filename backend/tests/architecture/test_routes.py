"""House rules about routes: no table leaves, every route names who may call it, the document is in step."""

import json
import os
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlmodel import SQLModel

from app.kernel import identity
from app.kernel.config import Settings
from app.main import create_app

ROOT = Path(__file__).parents[3]

# Routes without an identity alias, and why that is right. An entry that is no longer needed fails the test.
PUBLIC = {
    "app.accounts.api.login": "one signs in to become somebody",
    "app.accounts.api.token": "the same, as Swagger's form",
    "app.accounts.api.refresh": "the refresh token says who asks",
    "app.accounts.staff_api.read_shop": "what a shop shows to everybody",
    "app.api_docs.redoc": "integrators read before they have an account",
    "app.api_docs.swagger": "integrators read before they have an account",
    "app.chat.exchange_api.exchange": "the shop's signed token says who asks",
    "app.chat.widget_api.read_look": "what a shop shows to everybody",
    "app.files.media_api.read": "pictures are loaded without a token; their names are not to be guessed",
    "app.overview.health.health": "load balancers have no account",
    "app.overview.health.metrics": "scraped from inside; nginx does not pass it on",
    "app.webhooks.schemas_api.list_schemas": "receivers have no account",
    "app.webhooks.schemas_api.read_schema": "receivers have no account",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    var = tmp_path_factory.mktemp("var")
    return create_app(Settings(var_dir=var, database_url=f"sqlite:///{var / 'routes.db'}", secret_key="x" * 32))


@pytest.fixture(scope="module")
def routes(app: FastAPI) -> list[APIRoute]:
    return list(api_routes(app.routes))


def api_routes(found: typing.Iterable[object]) -> Iterator[APIRoute]:
    """Routes of the application and of every router that it includes."""
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        elif included := getattr(route, "original_router", None):
            yield from api_routes(included.routes)


def test_there_are_routes_to_judge(routes: list[APIRoute]) -> None:
    assert len(routes) > 20


def test_no_table_class_is_an_answer(routes: list[APIRoute]) -> None:
    leaks = {
        f"{route.path} answers {table.__name__}"
        for route in routes
        for declared in (route.response_model, typing.get_type_hints(route.endpoint).get("return"))
        for table in tables_in(declared, set())
    }
    assert leaks == set()


def tables_in(kind: object, seen: set[object]) -> Iterator[type[SQLModel]]:
    """Every table class in a type: in its arguments, and in the fields of its models, however deep."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind in seen:
            return
        seen.add(kind)
        if issubclass(kind, SQLModel) and kind.model_config.get("table"):
            yield kind
        for field in kind.model_fields.values():
            yield from tables_in(field.annotation, seen)
    for argument in typing.get_args(kind):
        yield from tables_in(argument, seen)


def test_every_route_names_who_may_call_it(routes: list[APIRoute]) -> None:
    nameless = {endpoint_of(route) for route in routes if not names_a_caller(route.dependant)}
    assert nameless == set(PUBLIC)


def endpoint_of(route: APIRoute) -> str:
    return f"{route.endpoint.__module__}.{route.endpoint.__name__}"


def names_a_caller(dependant: Dependant) -> bool:
    """Whether one of kernel.identity's aliases stands in the signature, its own or that of something it depends on."""
    return getattr(dependant.call, "__module__", "") == identity.__name__ or any(
        names_a_caller(inner) for inner in dependant.dependencies
    )


def test_every_documented_route_explains_itself(app: FastAPI) -> None:
    operations = {
        f"{method.upper()} {path}": operation
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    }
    assert len(operations) > 20
    said = ("summary", "description", "tags", "responses")
    assert {name for name, operation in operations.items() if not all(operation.get(part) for part in said)} == set()


def test_the_snapshot_of_the_document_is_in_step(tmp_path: Path) -> None:
    """Renew it with `parley openapi > docs/openapi.json` and read the difference: clients rely on it."""
    said = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main(['openapi'])"],
        cwd=ROOT / "backend",
        env=os.environ | {"BASE_URL": "http://localhost:8000", "PARLEY_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(said.stdout) == json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
