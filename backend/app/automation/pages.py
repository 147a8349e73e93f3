"""Rules as pages of the console: the list and the log. The form is in `form_pages.py`."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import owns_shop
from app.accounts.viewers import MerchantAtDesk, viewer
from app.automation import form_pages, naming, rules, starters
from app.automation.form_pages import BASE, RuleId
from app.automation.shapes import MAX_RULES
from app.kernel.db import ReadTx, Tx
from app.kernel.html import render
from app.kernel.i18n import locale_of
from app.kernel.identity import Identity
from app.kernel.models import MAX_BIGINT
from app.kernel.paging import MAX_PAGE, Page

router = APIRouter(prefix=BASE)
RUNS_OF_A_PAGE = 30


@router.get("")
async def rules_page(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """All rules of the shop in their order, each as a sentence, and rules to start from."""
    found = await rules.listing(session, me)
    await naming.say(session, found.results, locale_of(request))
    return await _render(
        request, session, me, "index", rules=found.results, starters=starters.every(locale_of(request)), most=MAX_RULES
    )


@router.get("/log")
async def log_page(
    request: Request,
    me: MerchantAtDesk,
    session: ReadTx,
    rule: Annotated[int | None, Query(ge=1, le=MAX_BIGINT)] = None,
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    """What the rules did, the newest first; of one with `rule`."""
    shown = await rules.get(session, me, rule) if rule is not None else None
    if shown is not None:
        await naming.say(session, [shown], locale_of(request))
    paging = Page(page=page, page_size=RUNS_OF_A_PAGE)
    found = await rules.runs(session, me, paging, rule)
    return await _render(request, session, me, "log", runs=found.results, count=found.count, paging=paging, rule=shown)


@router.post("/{rule_id}/on")
async def switch_on(rule_id: RuleId, me: MerchantAtDesk, session: Tx) -> Response:
    """From now on."""
    await rules.switch(session, me, rule_id, is_enabled=True)
    return RedirectResponse(f"{BASE}#rule-{rule_id}", 303)


@router.post("/{rule_id}/off")
async def switch_off(rule_id: RuleId, me: MerchantAtDesk, session: Tx) -> Response:
    """It does nothing any more."""
    await rules.switch(session, me, rule_id, is_enabled=False)
    return RedirectResponse(f"{BASE}#rule-{rule_id}", 303)


@router.post("/{rule_id}/up")
async def move_up(rule_id: RuleId, me: MerchantAtDesk, session: Tx) -> Response:
    """It is asked one rule earlier."""
    await rules.move(session, me, rule_id, -1)
    return RedirectResponse(f"{BASE}#rule-{rule_id}", 303)


@router.post("/{rule_id}/down")
async def move_down(rule_id: RuleId, me: MerchantAtDesk, session: Tx) -> Response:
    """It is asked one rule later."""
    await rules.move(session, me, rule_id, 1)
    return RedirectResponse(f"{BASE}#rule-{rule_id}", 303)


async def _render(request: Request, session: AsyncSession, me: Identity, name: str, **shown: Any) -> Response:
    return render(
        request,
        f"automation/{name}.html",
        me=await viewer(request, session, me),
        place="settings",
        section="automation",
        base=BASE,
        is_owner=await owns_shop(session, me),
        **shown,
    )


router.include_router(form_pages.router)
