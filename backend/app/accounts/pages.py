"""The HTML door of accounts: signing in and out, the language."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts import api_keys_pages, authentication, hours_pages, join_pages, names, sessions
from app.accounts.api import PER_ACCOUNT, PER_ADDRESS
from app.accounts.models import SessionKind
from app.accounts.viewers import home_of
from app.kernel import i18n
from app.kernel.config import InUse
from app.kernel.db import Db, Tx
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.identity import MaybeMe
from app.kernel.limits import caller_of, limits_of

YEAR_SECONDS = 31_536_000
INSIDE = re.compile(r"/(?!/)[\w\-./~%]*", re.ASCII)

router = APIRouter()
router.include_router(hours_pages.router)
router.include_router(api_keys_pages.router)
router.include_router(join_pages.router)
Text = Annotated[str, Form(max_length=1000)]


@router.get("/sign-in")
async def sign_in_page(request: Request, me: MaybeMe, goes_to: Annotated[str, Query(alias="next")] = "") -> Response:
    """The form; who is signed in already goes home."""
    if me is not None:
        return RedirectResponse(_inside(goes_to) or home_of(me.role), 303)
    return _sign_in_form(request, goes_to)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    db: Db,
    settings: InUse,
    _: MaybeMe,
    account: Text = "",
    password: Text = "",
    goes_to: Annotated[str, Form(alias="next")] = "",
) -> Response:
    """Begin a session in the console's cookie. A wrong pair shows the form again, as 422."""
    try:
        await limits_of(request).hit("sign-in-address", caller_of(request), PER_ADDRESS)
        await limits_of(request).hit("sign-in-account", names.account_key(account), PER_ACCOUNT)
        client = authentication.client_of(request)
        signed_in = await sessions.sign_in(db, settings, account.strip(), password, client, SessionKind.CONSOLE)
    except AppError as error:
        status = 429 if error.status == 429 else 422
        response = _sign_in_form(request, goes_to, account=account, problem=error, status=status)
        response.headers.update(error.headers if error.status == 429 else {})
        return response
    answer = RedirectResponse(_inside(goes_to) or home_of(signed_in.user.role), 303)
    authentication.set_cookie(answer, settings, signed_in)
    return answer


@router.post("/sign-out")
async def sign_out(me: MaybeMe, session: Tx, settings: InUse) -> Response:
    """End the session and take the cookie back."""
    if me is not None:
        await sessions.end(session, me.session_id)
    answer = RedirectResponse("/sign-in", 303)
    authentication.clear_cookie(answer, settings)
    return answer


@router.post("/locale")
async def choose_locale(request: Request, _: MaybeMe, locale: Text = "en") -> Response:
    """Keep the language for a year and go back to where the reader was."""
    answer = RedirectResponse(_inside(_referring_path(request)) or "/", 303)
    if locale in i18n.LOCALES:
        answer.set_cookie(i18n.COOKIE, locale, max_age=YEAR_SECONDS, samesite="lax")
    return answer


def _sign_in_form(
    request: Request, goes_to: str, *, account: str = "", problem: AppError | None = None, status: int = 200
) -> Response:
    said = i18n.translate(problem.text, i18n.locale_of(request), **problem.params) if problem else ""
    return render(
        request,
        "accounts/sign_in.html",
        status,
        account=account,
        goes_to=_inside(goes_to),
        problem=said,
        demo_sign_ins=request.app.state.demo_sign_ins,
    )


def _referring_path(request: Request) -> str:
    try:
        return urlsplit(request.headers.get("referer", "")).path
    except ValueError:  # `http://[`
        return ""


def _inside(path: str) -> str:
    """`path` when it stays on this site. Browsers read `//evil`, `/\\evil` and even `/<tab>/evil` as other hosts."""
    return path if INSIDE.fullmatch(path) and not path.startswith("/sign-") else ""
