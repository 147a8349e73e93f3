"""How the doors tell Swagger which errors they answer."""

from typing import Any

from pydantic import BaseModel

REASONS = {
    400: "Understood, and against a rule.",
    401: "No token, or one that has ended.",
    403: "Your role, or you, may not do this.",
    404: "It does not exist, or you may not see it.",
    409: "Something else was first, or depends on it.",
    410: "It was there, and its time is over.",
    413: "Too large.",
    415: "Not a kind of file that is taken here.",
    503: "The server is busy; try again, with the same client_id where there is one.",
    429: "Too many tries; `Retry-After` says when to come again.",
}


class Refusal(BaseModel):
    """Every error: a sentence in the caller's language, and a machine word."""

    detail: str
    code: str


class WrongField(BaseModel):
    """Where in the request, and what is wrong with it."""

    loc: list[str | int]
    msg: str
    type: str


class WrongFields(Refusal):
    """A 422. `errors` lists the fields when the request's form was wrong, at most 20 of them."""

    errors: list[WrongField] = []


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer these errors."""
    return {status: {"model": Refusal, "description": REASONS[status]} for status in statuses}


ALWAYS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "Not to be understood, or against a rule."},
    422: {"model": WrongFields, "description": "Some fields are wrong."},
}
"""What every route of the API may answer."""
