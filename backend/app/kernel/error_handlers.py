"""The one place where an error becomes an answer: `{"detail", "code"}` for programs, a page for people."""

from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from loguru import logger
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.kernel.db import is_transient
from app.kernel.errors import AppError, Conflict
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate

MAX_FIELDS = 20  # of one 422
_CODES = {
    400: ("bad_request", "This request could not be understood."),
    401: ("not_authenticated", "Please sign in."),
    403: ("forbidden", "You may not do this."),
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "This address does not answer to that method."),
    413: ("too_large", "This is too large."),
}


def install(app: FastAPI) -> None:
    """Let `app` answer errors in our way."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DBAPIError, _database_error)


def answer(request: Request, error: AppError, **more: Any) -> Response:
    """The answer to `error`: a page where a person looks, JSON everywhere else."""
    detail = translate(error.text, locale_of(request), **error.params)
    if _wants_page(request):
        page = render(request, "errors/error.html", error.status, status=error.status, code=error.code, detail=detail)
        page.headers.update(error.headers)
        return page
    return JSONResponse({"detail": detail, "code": error.code, **more}, error.status, error.headers)


def _wants_page(request: Request) -> bool:
    is_program = request.url.path.startswith(("/api", "/media", "/static", "/ws", "/health", "/metrics"))
    return not is_program and "text/html" in request.headers.get("accept", "")


async def _app_error(request: Request, error: Exception) -> Response:
    return answer(request, cast(AppError, error))


async def _invalid(request: Request, error: Exception) -> Response:
    problems = cast(RequestValidationError, error).errors()[:MAX_FIELDS]
    # Without `input`: it may be a password, or a gigabyte.
    fields = [{"loc": problem["loc"], "msg": problem["msg"], "type": problem["type"]} for problem in problems]
    if fields and fields[0]["type"] == "json_invalid":
        return answer(request, AppError(422, "invalid_json", "The body is not JSON."), errors=fields)
    return answer(request, AppError(422, "invalid", "Some fields are missing or wrong."), errors=fields)


async def _http_error(request: Request, error: Exception) -> Response:
    http = cast(HTTPException, error)
    code, text = _CODES.get(http.status_code, ("http_error", "This request could not be answered."))
    return answer(request, AppError(http.status_code, code, text, headers=http.headers))


async def _database_error(request: Request, error: Exception) -> Response:
    failure = cast(DBAPIError, error)
    if isinstance(failure, IntegrityError):
        return answer(request, Conflict("conflict", "This exists already, or something depends on it."))
    if isinstance(failure, DataError):
        return answer(request, AppError(422, "invalid", "Some fields are missing or wrong."), errors=[])
    is_known = is_transient(failure) or failure.connection_invalidated  # gone: no line of ours is at fault
    logger.opt(exception=None if is_known else failure).error("database: {}", failure.orig)
    busy = AppError(503, "busy", "The server is busy. Please try again.", headers={"Retry-After": "1"})
    return answer(request, busy)
