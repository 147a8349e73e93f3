"""Every route of the OpenAPI document under fire: no fault, no status that is not in the document, no other shape.

No route is left out. schemathesis' coverage and stateful phases are: they take minutes. Rate limits are off, or the
answer would be 429 to everything.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.house import House, open_house

DOCUMENT = Path(__file__).parents[3] / "docs/openapi.json"
EXAMPLES = 5  # of each route and role, beside the document's own examples
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Not in the document, and right: what a caller may meet at every route.
ALWAYS_POSSIBLE = {
    405,  # the generated method is not the route's
}
ENDS_THE_SESSION = ("/auth/logout", "/auth/logout-all")

schema = schemathesis.openapi.from_path(DOCUMENT)
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
schema.config.phases.coverage.enabled = False
schema.config.phases.stateful.enabled = False


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with open_house() as opened:
        yield opened


@pytest.fixture(scope="module")
def real_ids(house: House) -> dict[str, Any]:
    """What exists, so that some of the generated requests reach further than a 404."""
    with httpx.Client(base_url=house.server.url + "/api/v1", timeout=30) as http:
        lin, chen = house.people["lin"].headers, house.people["chen"].headers
        talk = http.post("/conversations/", json={"merchant_id": "m501"}, headers=lin).json()["id"]
        http.post(f"/conversations/{talk}/messages/", json={"content": "大米"}, headers=lin)
        note = http.post(f"/conversations/{talk}/notes/", json={"content": "x"}, headers=chen).json()["id"]
        reply = http.post("/quick-replies/", json={"content": "x"}, headers=chen).json()["id"]
    return {"conversation_id": talk, "note_id": note, "quick_reply_id": reply, "merchant_id": "m501"}


@pytest.mark.parametrize("name", ["lin", "chen", "root"])
@schema.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_route_keeps_to_its_document(case: Case, name: str, house: House, real_ids: dict[str, Any]) -> None:
    dice = random.Random(repr(case.path_parameters))
    for place in (case.path_parameters, case.query):
        for field in set(place or ()) & set(real_ids):
            if dice.random() < 0.6:
                place[field] = real_ids[field]
    person = house.people[name]
    response = case.call(base_url=house.server.url, headers=person.headers)
    if case.path.endswith(ENDS_THE_SESSION) or response.status_code == 401:
        house.come_back(name)
    if response.status_code not in ALWAYS_POSSIBLE:
        case.validate_response(response, checks=CHECKS)
