"""A rule as it stands in a form: rows of text, and which of them is wrong."""

import re
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData

from app.automation.shapes import ConditionKind, RuleCreate, RulePublic
from app.kernel.i18n import sentence

Typed = dict[str, Any]
SEPARATORS = re.compile(r"[,，、;；\n]")
WHAT_IS_WRONG = {
    "contains": sentence("Write at least one word; a comma between two."),
    "label": sentence("A label has 1 to 40 characters."),
    "add_label": sentence("A label has 1 to 40 characters."),
    "remove_label": sentence("A label has 1 to 40 characters."),
    "waited": sentence("A whole number of minutes from 1 to 10080."),
    "snooze": sentence("A whole number of hours from 1 to 720."),
    "reply": sentence("Write the reply, at most 4000 characters."),
    "note": sentence("Write the note, at most 4000 characters."),
}
CHOOSE = sentence("Choose one.")
FIELDS = {
    "name": sentence("At most 80 characters."),
    "waiting_minutes": sentence("A whole number of minutes from 1 to 10080."),
    "actions": sentence("A rule has to do something: add an action."),
    "conditions": sentence("At most 10 conditions."),
}
NOT_A_RULE = sentence("Only a rule about messages can look at their words.")


def blank() -> Typed:
    """A new rule before anything is typed."""
    return {
        "name": "",
        "event": "message_from_buyer",
        "changes": [],
        "waiting_minutes": "15",
        "match": "all",
        "conditions": [{"kind": "contains", "is_not": False, "value": ""}],
        "actions": [{"kind": "add_label", "value": ""}],
        "stops": False,
        "is_enabled": True,
    }


def typed_of(rule: RuleCreate | RulePublic) -> Typed:
    """A rule as its form shows it."""
    conditions = [
        {"kind": str(one.kind), "is_not": one.is_not, "value": ", ".join(one.values)} for one in rule.conditions
    ]
    actions = [{"kind": str(one.kind), "value": one.value} for one in rule.actions]
    return {
        "name": rule.name,
        "event": str(rule.event),
        "changes": [str(change) for change in rule.changes],
        "waiting_minutes": str(rule.waiting_minutes or 15),
        "match": rule.match,
        "conditions": conditions,
        "actions": actions,
        "stops": rule.stops,
        "is_enabled": rule.is_enabled,
    }


def typed_rule(form: FormData) -> Typed:
    """What was typed, whatever it is."""

    def every(name: str) -> list[str]:
        return [str(value) for value in form.getlist(name)]

    conditions = zip(every("condition_kind"), every("condition_is"), every("condition_value"), strict=False)
    actions = zip(every("action_kind"), every("action_value"), strict=False)
    return {
        "name": str(form.get("name", "")).strip(),
        "event": str(form.get("event", "message_from_buyer")),
        "changes": every("changes"),
        "waiting_minutes": str(form.get("waiting_minutes", "15")).strip(),
        "match": "any" if form.get("match") == "any" else "all",
        "conditions": [{"kind": kind, "is_not": way == "not", "value": value} for kind, way, value in conditions],
        "actions": [{"kind": kind, "value": value} for kind, value in actions],
        "stops": "stops" in form,
        "is_enabled": "is_enabled" in form,
    }


def rows_of(typed: Typed) -> dict[str, Any]:
    """What the form means, to be judged by `RuleCreate`."""
    conditions = [
        {"kind": row["kind"], "is_not": row["is_not"], "values": _values(row["kind"], row["value"])}
        for row in typed["conditions"]
    ]
    minutes = typed["waiting_minutes"] if typed["event"] == "waiting" else 15
    changes = typed["changes"] if typed["event"] == "conversation_updated" else []
    return typed | {"conditions": conditions, "waiting_minutes": minutes, "changes": changes}


def problems_of(error: ValidationError, typed: Typed) -> dict[str, Any]:
    """English sentences: `conditions` and `actions` by row, the others by field."""
    found: dict[str, Any] = {"conditions": {}, "actions": {}}
    for problem in error.errors():
        place = problem["loc"]
        if len(place) >= 2 and place[0] in ("conditions", "actions"):
            row = typed[str(place[0])][int(place[1])]
            found[str(place[0])][int(place[1])] = WHAT_IS_WRONG.get(row["kind"], CHOOSE)
        elif place:
            found[f"{place[0]}_problem"] = FIELDS.get(str(place[0]), CHOOSE)
        else:
            found["rule"] = NOT_A_RULE
    return found


def _values(kind: str, value: str) -> list[str]:
    if kind == ConditionKind.CONTAINS:
        return [word.strip() for word in SEPARATORS.split(value) if word.strip()]
    return [value.strip()]
