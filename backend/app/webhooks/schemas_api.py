"""The JSON Schemas of events, for everybody: `dataschema` of every delivery leads here."""

from functools import lru_cache
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from app.kernel.errors import NotFound
from app.webhooks.event_types import ALL, SCHEMAS

MEDIA_TYPE = "application/schema+json"
router = APIRouter(prefix="/event-schemas")


@router.get("/")
async def list_schemas() -> dict[str, Any]:
    """The names of all schemas."""
    return {"count": len(ALL), "results": [f"/event-schemas/{name}.json" for name in ALL]}


@router.get("/{name}.json")
async def read_schema(name: str) -> Response:
    """One schema, as it stands in `docs/event-schemas`."""
    if name not in ALL:
        raise NotFound()
    return Response(_schema(name), media_type=MEDIA_TYPE, headers={"Access-Control-Allow-Origin": "*"})


@lru_cache
def _schema(name: str) -> bytes:
    schema: dict[str, Any] = orjson.loads((SCHEMAS / f"{name}.json").read_bytes())
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2)
