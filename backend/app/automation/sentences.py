"""A rule in words, in the reader's language: what stands in the list instead of a table of fields."""

from collections.abc import Mapping

from app.automation.shapes import (
    Action,
    ActionKind,
    Change,
    Condition,
    ConditionKind,
    EventName,
    RuleCreate,
    RulePublic,
)
from app.kernel.i18n import sentence, translate

MOST_WORDS = 4
MOST_TEXT = 40  # characters of a reply

EVENTS = {
    EventName.FROM_BUYER: sentence("When a buyer writes"),
    EventName.FROM_TEAM: sentence("When somebody of the team writes"),
    EventName.CREATED: sentence("When a conversation begins"),
    EventName.UPDATED: sentence("When somebody changes {what}"),
    EventName.WAITING: sentence("When a buyer has waited for {minutes} minutes"),
}
CHANGES = {
    Change.STATUS: sentence("the status"),
    Change.ASSIGNEE: sentence("the assignee"),
    Change.LABELS: sentence("the labels"),
    Change.PRIORITY: sentence("the priority"),
}
WORDS: dict[str, str] = {
    "open": sentence("open"),
    "pending": sentence("pending"),
    "snoozed": sentence("snoozed"),
    "resolved": sentence("resolved"),
    "low": sentence("low"),
    "normal": sentence("normal"),
    "high": sentence("high"),
    "urgent": sentence("urgent"),
    "widget": sentence("the widget"),
    "page": sentence("the shop’s page"),
    "api": sentence("the API"),
}
"""What states are called in the middle of a sentence."""
CONDITIONS: dict[tuple[ConditionKind, bool], str] = {
    (ConditionKind.CONTAINS, False): sentence("the message contains {value}"),
    (ConditionKind.CONTAINS, True): sentence("the message does not contain {value}"),
    (ConditionKind.STATUS, False): sentence("the status is {value}"),
    (ConditionKind.STATUS, True): sentence("the status is not {value}"),
    (ConditionKind.ASSIGNEE, False): sentence("it is assigned to {value}"),
    (ConditionKind.ASSIGNEE, True): sentence("it is not assigned to {value}"),
    (ConditionKind.LABEL, False): sentence("it has the label {value}"),
    (ConditionKind.LABEL, True): sentence("it does not have the label {value}"),
    (ConditionKind.PRIORITY, False): sentence("the priority is {value}"),
    (ConditionKind.PRIORITY, True): sentence("the priority is not {value}"),
    (ConditionKind.CHANNEL, False): sentence("it came via {value}"),
    (ConditionKind.CHANNEL, True): sentence("it did not come via {value}"),
    (ConditionKind.LANGUAGE, False): sentence("the buyer’s language is {value}"),
    (ConditionKind.LANGUAGE, True): sentence("the buyer’s language is not {value}"),
    (ConditionKind.WAITED, False): sentence("the buyer has waited for at least {value} minutes"),
    (ConditionKind.WAITED, True): sentence("the buyer has not waited for {value} minutes"),
}
NOBODY = {False: sentence("it is unassigned"), True: sentence("it is assigned")}
FIXED = {
    ("first", False): sentence("it is the buyer’s first conversation"),
    ("returning", False): sentence("the buyer has written before"),
    ("open", False): sentence("the shop is open"),
    ("closed", False): sentence("the shop is closed"),
}
OPPOSITES = {"first": "returning", "returning": "first", "open": "closed", "closed": "open"}
ACTIONS = {
    ActionKind.ASSIGN: sentence("assign to {value}"),
    ActionKind.ADD_LABEL: sentence("add the label {value}"),
    ActionKind.REMOVE_LABEL: sentence("remove the label {value}"),
    ActionKind.PRIORITY: sentence("set the priority to {value}"),
    ActionKind.STATUS: sentence("set the status to {value}"),
    ActionKind.SNOOZE: sentence("snooze it for {value} hours"),
    ActionKind.REPLY: sentence("reply {value}"),
    ActionKind.NOTE: sentence("write the private note {value}"),
    ActionKind.WEBHOOK: sentence("send a webhook event"),
}
NO_ONE = sentence("unassign")
ALL_OF = sentence("{event} and {conditions}: {actions}.")
NO_CONDITION = sentence("{event}: {actions}.")
QUOTE = sentence("“{words}”")


def of_rule(rule: RuleCreate | RulePublic, locale: str, people: Mapping[str, str]) -> str:
    """The whole rule. `people`: names by id; who left the team is called by the id."""
    conditions = [of_condition(one, locale, people) for one in rule.conditions]
    word = sentence(" and ") if rule.match == "all" else sentence(" or ")
    said = {
        "event": of_event(rule, locale),
        "conditions": translate(word, locale).join(conditions),
        "actions": translate(sentence(", "), locale).join(of_action(one, locale, people) for one in rule.actions),
    }
    return translate(ALL_OF if conditions else NO_CONDITION, locale, **said)


def of_event(rule: RuleCreate | RulePublic, locale: str) -> str:
    """When it is asked."""
    what = [translate(CHANGES[change], locale) for change in rule.changes]
    anything = translate(sentence("a conversation"), locale)
    said = translate(sentence(" or "), locale).join(what) or anything
    return translate(EVENTS[rule.event], locale, what=said, minutes=rule.waiting_minutes)


def of_condition(condition: Condition, locale: str, people: Mapping[str, str]) -> str:
    """One question."""
    value, is_not = condition.values[0], condition.is_not
    if condition.kind in (ConditionKind.VISIT, ConditionKind.HOURS):
        return translate(FIXED[OPPOSITES[value] if is_not else value, False], locale)
    if condition.kind is ConditionKind.ASSIGNEE and not value:
        return translate(NOBODY[is_not], locale)
    if condition.kind is ConditionKind.CONTAINS:
        shown = translate(sentence(" or "), locale).join(_quoted(one, locale) for one in condition.values[:MOST_WORDS])
        value = shown + (" …" if len(condition.values) > MOST_WORDS else "")
    elif condition.kind is ConditionKind.ASSIGNEE:
        value = people.get(value, value)
    elif condition.kind is ConditionKind.LABEL:
        value = _quoted(value, locale)
    elif condition.kind not in (ConditionKind.LANGUAGE, ConditionKind.WAITED):
        value = translate(WORDS[value], locale)
    return translate(CONDITIONS[condition.kind, is_not], locale, value=value)


def of_action(action: Action, locale: str, people: Mapping[str, str]) -> str:
    """One deed."""
    value = action.value
    if action.kind is ActionKind.ASSIGN and not value:
        return translate(NO_ONE, locale)
    if action.kind is ActionKind.ASSIGN:
        value = people.get(value, value)
    elif action.kind in (ActionKind.PRIORITY, ActionKind.STATUS):
        value = translate(WORDS[value], locale)
    elif action.kind is not ActionKind.SNOOZE:
        flat = " ".join(value.split())
        value = _quoted(flat[:MOST_TEXT] + ("…" if len(flat) > MOST_TEXT else ""), locale)
    return translate(ACTIONS[action.kind], locale, value=value)


def _quoted(words: str, locale: str) -> str:
    return translate(QUOTE, locale, words=words)
