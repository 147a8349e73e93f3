"""The JSON door of rules: the shop's people and admins look, the owner changes."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app.accounts.names import USER_ID_PATTERN
from app.automation import dry_run, naming, rules
from app.automation.shapes import DryRun, RuleCreate, RuleOrder, RulePublic, RuleSwitch, RunPublic
from app.kernel.db import ReadTx, Tx
from app.kernel.i18n import locale_of
from app.kernel.identity import Insider, Watcher
from app.kernel.limits import limits_of
from app.kernel.models import MAX_BIGINT, PathId
from app.kernel.paging import Listing, Paging
from app.kernel.refusals import refusals

DRY_RUNS = "20/minute"  # of one shop: each reads a week

router = APIRouter(prefix="/automation", tags=["automation"])
RuleId = PathId


@router.get("/rules/", summary="List rules", responses=refusals(401, 403))
async def list_rules(
    request: Request,
    me: Watcher,
    session: ReadTx,
    merchant_id: Annotated[str | None, Query(pattern=USER_ID_PATTERN, description="For admins: one shop.")] = None,
) -> Listing[RulePublic]:
    """The shop's rules in the order in which they are asked; `sentence` is the rule in words."""
    found = await rules.listing(session, me, merchant_id)
    await naming.say(session, found.results, locale_of(request))
    return found


@router.post("/rules/", summary="Create a rule", status_code=201, responses=refusals(400, 401, 403, 409))
async def create_rule(request: Request, draft: RuleCreate, me: Insider, session: Tx) -> RulePublic:
    """The owner only (403 `owner_only`). It stands last, and looks at what happens from now on.

    400 `assignee_not_in_team`; 409 `too_many_rules` above fifty.
    """
    made = await rules.create(session, me, draft)
    await naming.say(session, [made], locale_of(request))
    return made


@router.post("/rules/dry-run", summary="Try a rule on the last 7 days", responses=refusals(400, 401, 403, 429))
async def try_rule(request: Request, draft: RuleCreate, me: Insider, session: ReadTx) -> DryRun:
    """How often the rule would have acted, alone and as it is written, with up to twenty examples; nothing is done.

    The owner only. At most 1000 conversations and 20 000 messages are looked at; `is_cut` says that there were more.
    """
    await limits_of(request).hit("automation-dry-run", me.merchant_id or me.user_id, DRY_RUNS)
    return await dry_run.run(session, me, draft)


@router.put("/rules/order", summary="Order the rules", responses=refusals(401, 403, 409))
async def order_rules(request: Request, order: RuleOrder, me: Insider, session: Tx) -> Listing[RulePublic]:
    """All ids of the shop's rules in their new order. The owner only; 409 `rules_changed` when one came or went."""
    found = await rules.arrange(session, me, order)
    await naming.say(session, found.results, locale_of(request))
    return found


@router.get("/runs/", summary="List what rules did", responses=refusals(401, 403, 404))
async def list_runs(
    me: Watcher, session: ReadTx, paging: Paging, rule_id: Annotated[int | None, Query(ge=1, le=MAX_BIGINT)] = None
) -> Listing[RunPublic]:
    """The newest first, of the last 30 days; of one rule with `rule_id`."""
    return await rules.runs(session, me, paging, rule_id)


@router.get("/rules/{rule_id}", summary="Read a rule", responses=refusals(401, 403, 404))
async def read_rule(request: Request, rule_id: RuleId, me: Watcher, session: ReadTx) -> RulePublic:
    """The shop's people and admins; 404 for another shop's."""
    found = await rules.get(session, me, rule_id)
    await naming.say(session, [found], locale_of(request))
    return found


@router.put("/rules/{rule_id}", summary="Change a rule", responses=refusals(400, 401, 403, 404))
async def change_rule(request: Request, rule_id: RuleId, draft: RuleCreate, me: Insider, session: Tx) -> RulePublic:
    """The whole rule anew. The owner only. Its place, its count and its log stay."""
    changed = await rules.change(session, me, rule_id, draft)
    await naming.say(session, [changed], locale_of(request))
    return changed


@router.put("/rules/{rule_id}/enabled", summary="Switch a rule", responses=refusals(401, 403, 404))
async def switch_rule(request: Request, rule_id: RuleId, wanted: RuleSwitch, me: Insider, session: Tx) -> RulePublic:
    """On or off. The owner only. What happened while it was off is none of its business."""
    switched = await rules.switch(session, me, rule_id, is_enabled=wanted.is_enabled)
    await naming.say(session, [switched], locale_of(request))
    return switched


@router.delete("/rules/{rule_id}", summary="Delete a rule", status_code=204, responses=refusals(401, 403, 404))
async def remove_rule(rule_id: RuleId, me: Insider, session: Tx) -> None:
    """The owner only. Its log goes with it; what it did stays."""
    await rules.remove(session, me, rule_id)
