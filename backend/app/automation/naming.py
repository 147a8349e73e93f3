"""Names of the people in rules, so that a rule can be said in words."""

from collections.abc import Iterable, Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.automation.sentences import of_rule
from app.automation.shapes import ActionKind, ConditionKind, RuleCreate, RulePublic


async def say(session: AsyncSession, found: Sequence[RulePublic], locale: str) -> None:
    """Fill in each rule's sentence."""
    people = await names(session, found)
    for rule in found:
        rule.sentence = of_rule(rule, locale, people)


async def names(session: AsyncSession, found: Iterable[RulePublic | RuleCreate]) -> dict[str, str]:
    """Person → name, of everybody whom these rules name."""
    ids = set()
    for rule in found:
        ids |= {one.value for one in rule.actions if one.kind is ActionKind.ASSIGN}
        ids |= {one.values[0] for one in rule.conditions if one.kind is ConditionKind.ASSIGNEE}
    people = (await session.exec(select(User).where(col(User.id).in_(ids - {""})))).all() if ids - {""} else ()
    return {person.id: person.name for person in people}
