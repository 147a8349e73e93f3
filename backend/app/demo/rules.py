"""The demo's labels with their colours, and two rules: one at work, one to switch on."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import SQLModel

from app.automation.models import AutomationRule
from app.automation.starters import REFUND_WORDS
from app.chat.labels_models import Label, LabelColor
from app.demo.people import DAY_SECONDS
from app.demo.transcripts import Transcript

SHOP = "m1"
AGE_DAYS = 60
COLORS = {
    "VIP": (LabelColor.VIOLET, "三单以上的老客，优先回"),
    "Wholesale": (LabelColor.BLUE, "From 100 kg; prices by Li"),
    "Overseas": (LabelColor.BLUE, "Ships by EMS or DHL"),
    "礼盒": (LabelColor.ROSE, "刻字、贺卡"),
    "物流": (LabelColor.AMBER, "催发货、查快递"),
    "质量": (LabelColor.ROSE, "破损、口感、检测"),
    "售后": (LabelColor.AMBER, ""),
    "认养": (LabelColor.JADE, "认养一块地"),
    "回头客": (LabelColor.JADE, ""),
}
"""Those that are not here are grey, as what somebody typed is."""


def rows(told: Sequence[Transcript], at: int) -> list[SQLModel]:
    """Every label that a conversation bears, and the rules of the rice shop."""
    made_at = at - AGE_DAYS * DAY_SECONDS
    shops = {transcript.conversation.id: transcript.conversation.merchant_id for transcript in told}
    borne = sorted({(shops[row.conversation_id], row.name) for transcript in told for row in transcript.labels})
    labels = []
    for merchant_id, name in borne:
        color, description = COLORS.get(name, (LabelColor.GREY, ""))
        labels.append(
            Label(
                merchant_id=merchant_id,
                name=name,
                color=color,
                description=description,
                created_at=made_at,
                updated_at=made_at,
            )
        )
    return [*labels, *_rules(made_at)]


def _rules(made_at: int) -> list[AutomationRule]:
    times: dict[str, Any] = {"enabled_at": made_at, "created_at": made_at, "updated_at": made_at}
    return [
        AutomationRule(
            merchant_id=SHOP,
            name="退款和退货",
            event="message_from_buyer",
            conditions=[{"kind": "contains", "is_not": False, "values": REFUND_WORDS}],
            actions=[{"kind": "add_label", "value": "售后"}, {"kind": "priority", "value": "high"}],
            position=1,
            **times,
        ),
        AutomationRule(
            merchant_id=SHOP,
            name="等了15分钟",
            event="waiting",
            waiting_minutes=15,
            conditions=[{"kind": "status", "is_not": False, "values": ["open"]}],
            actions=[{"kind": "priority", "value": "urgent"}],
            is_enabled=False,
            position=2,
            **times,
        ),
    ]
