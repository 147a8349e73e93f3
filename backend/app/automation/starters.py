"""Rules to start from. Their words are the shop's own afterwards, so they are written in the owner's language."""

from typing import Any

from app.kernel.i18n import sentence, translate

REFUND_WORDS = ["退款", "退货", "退钱", "refund", "money back"]
COMPLAINT_WORDS = ["投诉", "差评", "骗子", "12315", "complaint", "scam"]

_STARTERS: dict[str, dict[str, Any]] = {
    "refunds": {
        "name": sentence("Refunds"),
        "about": sentence("A buyer asks for a refund: add a label, set to high priority."),
        "event": "message_from_buyer",
        "conditions": [{"kind": "contains", "values": REFUND_WORDS}],
        "actions": [
            {"kind": "add_label", "value": sentence("Refund")},
            {"kind": "priority", "value": "high"},
        ],
    },
    "waiting": {
        "name": sentence("Waiting for 15 minutes"),
        "about": sentence("Nobody has answered for 15 minutes: set to urgent."),
        "event": "waiting",
        "waiting_minutes": 15,
        "conditions": [{"kind": "status", "values": ["open"]}],
        "actions": [{"kind": "priority", "value": "urgent"}],
    },
    "closed": {
        "name": sentence("Outside working hours"),
        "about": sentence("A buyer writes while you are closed: send a reply."),
        "event": "conversation_created",
        "conditions": [{"kind": "hours", "values": ["closed"]}],
        "actions": [
            {
                "kind": "reply",
                "value": sentence(
                    "Hello {{buyer.name}}, {{shop.name}} is closed at the moment. We answer as soon as we are back."
                ),
            }
        ],
    },
    "complaints": {
        "name": sentence("Complaints"),
        "about": sentence("A buyer complains: set to urgent, with a note for whoever answers."),
        "event": "message_from_buyer",
        "conditions": [{"kind": "contains", "values": COMPLAINT_WORDS}],
        "actions": [
            {"kind": "priority", "value": "urgent"},
            {"kind": "note", "value": sentence("Stay calm, apologise first, and offer a call.")},
        ],
    },
    "returning": {
        "name": sentence("Returning customers"),
        "about": sentence("Somebody who wrote before comes back: add a label."),
        "event": "conversation_created",
        "conditions": [{"kind": "visit", "values": ["returning"]}],
        "actions": [{"kind": "add_label", "value": sentence("Returning customer")}],
    },
    "resolved": {
        "name": sentence("After the end"),
        "about": sentence("Somebody resolves a conversation: tell your own systems."),
        "event": "conversation_updated",
        "changes": ["status"],
        "conditions": [{"kind": "status", "values": ["resolved"]}],
        "actions": [{"kind": "webhook"}],
    },
}


def every(locale: str) -> list[dict[str, str]]:
    """Their keys with name and a line about each."""
    said = ((key, one["name"], one["about"]) for key, one in _STARTERS.items())
    return [{"key": key, "name": translate(name, locale), "about": translate(line, locale)} for key, name, line in said]


def find(key: str, locale: str) -> dict[str, Any] | None:
    """The rule to start from, in the reader's language; None for an unknown key."""
    found = _STARTERS.get(key)
    if found is None:
        return None
    actions = []
    for action in found["actions"]:
        words = action.get("value", "")
        is_said = action["kind"] in ("add_label", "reply", "note")
        actions.append(action | {"value": translate(words, locale) if is_said else words})
    name = found["name"]
    fields = {field: value for field, value in found.items() if field != "about"}
    return fields | {"name": translate(name, locale), "actions": actions}
