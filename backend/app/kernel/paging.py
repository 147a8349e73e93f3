"""Lists: `{"count", "results"}` by page, and a cursor where cost must not grow with depth."""

import base64
import binascii
from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel

from app.kernel.errors import Invalid
from app.kernel.models import MAX_BIGINT

R = TypeVar("R")
MAX_PAGE_SIZE = 100
MAX_PAGE = 1_000_000  # keeps OFFSET within 32 bits


class Listing(BaseModel, Generic[R]):
    """One page of a list; `count` is of the whole list."""

    count: int
    results: list[R]


class CursorListing(Listing[R], Generic[R]):
    """A page that knows where the next one begins; None at the end."""

    next_cursor: str | None = None


class Page(BaseModel):
    """Which page: from 1, at most 100 rows."""

    page: int = 1
    page_size: int = 20

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.page_size


def _page(
    page: Annotated[int, Query(ge=1, le=MAX_PAGE, description="From 1.")] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="Rows of a page.")] = 20,
) -> Page:
    return Page(page=page, page_size=page_size)


Paging = Annotated[Page, Depends(_page)]


def encode_cursor(*position: int) -> str:
    """The position after a row, opaque to clients."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[int]:
    """The integers of a cursor that we gave out; anything else is a 400."""
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        position = None
    is_ours = isinstance(position, list) and len(position) == length
    if not is_ours or not all(type(value) is int and 0 <= value <= MAX_BIGINT for value in position):
        raise Invalid("bad_cursor", "This cursor is not one of ours.")
    return list(position)
