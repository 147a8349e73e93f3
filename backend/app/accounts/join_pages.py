"""The page behind an invitation: somebody chooses a name and a password, and is in."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import authentication, invitations, users
from app.accounts.invitations import Joining
from app.kernel import forms
from app.kernel.config import InUse
from app.kernel.db import Db, ReadTx
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity, MaybeMe
from app.kernel.limits import caller_of, limits_of

PER_ADDRESS = "30/minute"
FIELDS = ("username", "display_name", "password")
router = APIRouter(prefix="/join")
Token = Annotated[str, Path(pattern=r"^[\w-]{10,100}$")]


@router.get("/{token}")
async def join_page(request: Request, token: Token, me: MaybeMe, session: ReadTx) -> Response:
    """The form; 410 with the reason when the link opens nothing any more."""
    await limits_of(request).hit("join", caller_of(request), PER_ADDRESS)
    try:
        return await _form(request, session, token, me)
    except AppError as error:
        return _gone(request, error)


@router.post("/{token}")
async def join(request: Request, token: Token, me: MaybeMe, db: Db, settings: InUse) -> Response:
    """Make the account and go to the inbox, or show the form again with what is wrong."""
    await limits_of(request).hit("join", caller_of(request), PER_ADDRESS)
    async with forms.opened(request) as form:
        typed = {name: str(form.get(name, "")) for name in FIELDS}
    problems: dict[str, str] = {}
    try:
        client = authentication.client_of(request)
        signed_in = await invitations.accept(db, settings, token, Joining.model_validate(typed), client)
    except ValidationError as error:
        problems = {str(one["loc"][0]): "" for one in error.errors()}
    except AppError as error:
        if error.status != 409:
            return _gone(request, error)
        problems = {"username": translate(error.text, locale_of(request), **error.params)}
    else:
        answer = RedirectResponse("/inbox", 303)
        authentication.set_cookie(answer, settings, signed_in)
        return answer
    async with db.reading() as session:
        try:
            return await _form(request, session, token, me, typed, problems, 422)
        except AppError as error:
            return _gone(request, error)


async def _form(
    request: Request,
    session: AsyncSession,
    token: str,
    me: Identity | None,
    typed: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    welcome = await invitations.look(session, token)
    return render(
        request,
        "accounts/join.html",
        status_code,
        welcome=welcome,
        typed=typed or dict.fromkeys(FIELDS, ""),
        problems=problems or {},
        problem="",
        signed_in_as=(await users.get(session, me.user_id)).name if me else "",
    )


def _gone(request: Request, error: AppError) -> Response:
    if error.status != 410:
        raise error
    said = translate(error.text, locale_of(request), **error.params)
    return render(request, "accounts/join_gone.html", 410, said=said)
