"""The form of a rule: every button submits it whole, so it works without scripts; htmx draws only the form anew."""

from typing import Any

from babel import Locale
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import staff
from app.accounts.access import owns_shop
from app.accounts.viewers import MerchantAtDesk, viewer
from app.automation import dry_run, naming, rules, starters
from app.automation.sentences import of_rule
from app.automation.shapes import (
    ABOUT_MESSAGES,
    MAX_ACTIONS,
    MAX_CONDITIONS,
    Change,
    EventName,
    RuleCreate,
    RulePublic,
)
from app.automation.typed import blank, problems_of, rows_of, typed_of, typed_rule
from app.chat import labels
from app.kernel import forms
from app.kernel.config import settings_of
from app.kernel.db import ReadTx, Tx, database_of
from app.kernel.errors import AppError, NotFound
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity
from app.kernel.limits import limits_of
from app.kernel.models import PathId

BASE = "/settings/automation"
MAX_FIELDS = 120
DRY_RUNS = "20/minute"  # of one shop: each reads a week
LANGUAGES = ("zh", "en", "ja", "ko", "de", "fr", "es", "it", "pt", "ru", "vi", "th", "ar")
router = APIRouter()
RuleId = PathId
Typed = dict[str, Any]


@router.get("/new")
async def new_rule_page(request: Request, me: MerchantAtDesk, session: ReadTx, start: str = "") -> Response:
    """The form of a new rule, empty or with what it starts from."""
    found = starters.find(start, locale_of(request))
    typed = typed_of(RuleCreate.model_validate(found)) if found else blank()
    return await _form(request, session, me, None, typed)


@router.get("/{rule_id}/edit")
async def edit_rule_page(request: Request, rule_id: RuleId, me: MerchantAtDesk, session: ReadTx) -> Response:
    """The form of one that is there."""
    rule = await rules.get(session, me, rule_id)
    return await _form(request, session, me, rule, typed_of(rule))


@router.post("/new")
async def submit_new(request: Request, me: MerchantAtDesk) -> Response:
    """Save it, try it, or draw the form with one row more or less."""
    return await _submitted(request, me, None)


@router.post("/{rule_id}/edit")
async def submit_change(request: Request, rule_id: RuleId, me: MerchantAtDesk) -> Response:
    """The same for one that is there."""
    return await _submitted(request, me, rule_id)


@router.post("/{rule_id}/delete")
async def delete_rule(rule_id: RuleId, me: MerchantAtDesk, session: Tx) -> Response:
    """Delete one with its log."""
    await rules.remove(session, me, rule_id)
    return RedirectResponse(BASE, 303)


async def _submitted(request: Request, me: Identity, rule_id: int | None) -> Response:
    db = database_of(request)
    async with forms.opened(request, max_fields=MAX_FIELDS) as form:
        typed, wish = typed_rule(form), str(form.get("do", "save"))
    problems: dict[str, Any] = {}
    tried = None
    status_code = 200
    if wish in ("save", "try"):
        try:
            draft = RuleCreate.model_validate(rows_of(typed))
            if wish == "save":
                await db.write(lambda session: _saved(session, me, rule_id, draft))
                return RedirectResponse(BASE, 303)
            await limits_of(request).hit("automation-dry-run", me.merchant_id or me.user_id, DRY_RUNS)
            async with db.reading() as session:
                tried = await dry_run.run(session, me, draft)
        except ValidationError as error:
            problems, status_code = problems_of(error, typed), 422
        except AppError as error:
            if error.status not in (400, 409, 422):
                raise
            problems = {"rule": translate(error.text, locale_of(request), **error.params)}
            status_code = 422
    else:
        _reshape(typed, wish)
    async with db.reading() as session:
        rule = await rules.get(session, me, rule_id) if rule_id is not None else None
        return await _form(request, session, me, rule, typed, problems, status_code, tried=tried)


async def _saved(session: AsyncSession, me: Identity, rule_id: int | None, draft: RuleCreate) -> RulePublic:
    if rule_id is None:
        return await rules.create(session, me, draft)
    return await rules.change(session, me, rule_id, draft)


def _reshape(typed: Typed, wish: str) -> None:
    """`add-condition`, `add-action`, `drop-condition-2`, …; anything else only draws the fields that fit the kinds."""
    name, _, place = wish.rpartition("-")
    if wish == "add-condition" and len(typed["conditions"]) < MAX_CONDITIONS:
        kind = "contains" if typed["event"] in ABOUT_MESSAGES else "status"
        typed["conditions"].append({"kind": kind, "is_not": False, "value": ""})
    elif wish == "add-action" and len(typed["actions"]) < MAX_ACTIONS:
        typed["actions"].append({"kind": "add_label", "value": ""})
    elif name in ("drop-condition", "drop-action") and place.isdigit():
        rows = typed["conditions" if name == "drop-condition" else "actions"]
        del rows[int(place) : int(place) + 1]


async def _form(
    request: Request,
    session: AsyncSession,
    me: Identity,
    rule: RulePublic | None,
    typed: Typed,
    problems: dict[str, Any] | None = None,
    status_code: int = 200,
    **shown: Any,
) -> Response:
    if me.merchant_id is None:
        raise NotFound()
    locale = locale_of(request)
    is_partial = "hx-request" in request.headers
    team = await staff.listing(session, settings_of(request), me.merchant_id)
    context = {
        "rule": rule,
        "typed": typed,
        "problems": problems or {},
        "team": team,
        "labels": (await labels.shown(session, me)).results,
        "languages": [(tag, Locale.parse(tag).get_display_name(locale.replace("-", "_"))) for tag in LANGUAGES],
        "events": [str(one) for one in EventName],
        "changes": [str(one) for one in Change],
        "is_about_messages": typed["event"] in ABOUT_MESSAGES,
        "said": await _said(session, typed, locale),
        "is_owner": await owns_shop(session, me),
        "base": BASE,
        "tried": None,
        "most": {"conditions": MAX_CONDITIONS, "actions": MAX_ACTIONS},
    }
    if is_partial:
        # 200: htmx draws the form with its problems all the same, whatever it thinks of other codes.
        return render(request, "automation/_form.html", **(context | shown))
    frame = {"me": await viewer(request, session, me), "place": "settings", "section": "automation"}
    return render(request, "automation/edit.html", status_code, **(context | frame | shown))


async def _said(session: AsyncSession, typed: Typed, locale: str) -> str:
    """The rule in words as far as it is typed; empty while it is not one."""
    try:
        draft = RuleCreate.model_validate(rows_of(typed))
    except ValidationError:
        return ""
    return of_rule(draft, locale, await naming.names(session, [draft]))
