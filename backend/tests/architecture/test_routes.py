"""House rules about routes: no table leaves, every route names who may call it, the document is in step."""

import json
import os
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from app.main import create_app
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlmodel import SQLModel

from app.kernel import identity
from app.kernel.config import Settings

ROOT = Path(__file__).parents[3]

# Routes without an identity alias, and why that is right. An entry that is no longer needed fails the test.
PUBLIC: dict[str, str] = {}


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[APIRoute]:
    var = tmp_path_factory.mktemp("var")
    settings = Settings(var_dir=var, database_url=f"sqlite:///{var / 'routes.db'}", secret_key="x" * 32, demo=True)
    return list(api_routes(create_app(settings).routes))


def api_routes(found: typing.Iterable[object]) -> Iterator[APIRoute]:
    """Routes of the application and of every router that it includes."""
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        elif inner := getattr(route, "routes", None):
            yield from api_routes(inner)


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


def test_every_documented_route_explains_itself(routes: list[APIRoute]) -> None:
    silent = {
        endpoint_of(route)
        for route in routes
        if route.include_in_schema and not (route.endpoint.__doc__ and route.tags)
    }
    assert silent == set()


def test_the_snapshot_of_the_document_is_in_step() -> None:
    """Renew it with `parley openapi > docs/openapi.json` and read the difference: clients rely on it."""
    said = subprocess.run(
        [sys.executable, "-m", "app.cli", "openapi"],
        cwd=ROOT / "backend",
        env=os.environ | {"BASE_URL": "http://localhost:8000"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(said.stdout) == json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
