"""Forms that a route reads by itself; what FastAPI reads for a route it guards alike."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import FormData
from starlette.requests import Request

from app.kernel.errors import Invalid

MAX_FIELDS = 20


@asynccontextmanager
async def opened(request: Request, max_files: int = 0, max_fields: int = MAX_FIELDS) -> AsyncIterator[FormData]:
    """The form of a request, whose files are gone after the block. 400 for one that cannot be read."""
    try:
        form = await request.form(max_files=max_files, max_fields=max_fields)
    except UnicodeError as error:  # the sender names the charset, and some of Python's are only for decoding errors
        raise Invalid("bad_request", "This request could not be understood.") from error
    try:
        yield form
    finally:
        await form.close()
