"""The demo shop's widget: its words, its identity key, two customers for whom it vouches, visits and ratings."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.accounts import identity_keys
from app.accounts.identity_keys import IdentityKey
from app.accounts.widgets import WidgetChange, WidgetSettings
from app.chat.models import Activity, Conversation, Status
from app.chat.ratings import Rating
from app.chat.visits import Visit
from app.demo.people import DAY_SECONDS
from app.kernel.config import Settings

SHOP = "m1"
IDENTITY_KEY = "pik_demo-shop-only-never-a-secret-of-anybody-0001"  # documented, and only ever set by the demo
PAGES = (
    ("稻花香2号 当季新米", "/rice"), ("定制礼盒 2.5kg × 2", "/gift"), ("发货与售后", "/care"),
    ("五常稻香示范农场", "/"), ("有机鸭稻米", "/duck"), ("我的订单", "/orders"),
)  # fmt: skip
DEVICES = (
    "WeChat · iPhone",
    "Chrome · Windows",
    "Safari · iPhone",
    "Chrome · Android",
    "Edge · Windows",
    "Safari · macOS",
)
# Per conversation that is over, in turn; None: the buyer said nothing, as most do.
SCORES: tuple[tuple[int, str] | None, ...] = (
    (5, "回复很快，米也好吃。"), None, (4, ""), (5, ""), None,
    (3, "发货比说的晚了一天。"), (5, "Very kind and patient, thank you!"), None, (5, ""), (4, "谢谢安然。"),
    None, (2, "等了二十分钟才有人。"), (5, "刻字很漂亮，老人家喜欢。"),
)  # fmt: skip


class Customer(NamedTuple):
    """Somebody with an account at the demo shop."""

    id: str
    name: str
    email: str


CUSTOMERS = (
    Customer("1001", "苏晚", "su.wan@example.cn"),
    Customer("1002", "Elena Fischer", "elena.fischer@example.org"),
)


def settings_rows(settings: Settings, at: int) -> tuple[list[WidgetSettings], list[IdentityKey]]:
    """The rice farm's widget and its key."""
    chosen = WidgetChange(tagline="大米、定制礼盒、订单和证书，都可以问 · Ask us about rice, gifts and orders")
    made_at = at - 30 * DAY_SECONDS
    key = IdentityKey(
        merchant_id=SHOP,
        sealed_secret=identity_keys.sealed(settings, IDENTITY_KEY),
        hint=IDENTITY_KEY[-4:],
        created_at=made_at,
    )
    widget = WidgetSettings(merchant_id=SHOP, chosen=chosen.model_dump(mode="json"), updated_at=made_at)
    return [widget], [key]


def visits(talks: Sequence[Conversation], locales: dict[str, str]) -> list[Visit]:
    """Where the buyers of the farm were, the newest conversation of each."""
    newest: dict[str, Conversation] = {}
    for talk in sorted(talks, key=lambda one: one.last_message_time):
        if talk.merchant_id == SHOP:
            newest[talk.customer_id] = talk
    return [_visit(talk, turn, locales) for turn, talk in enumerate(newest.values())]


def ratings(talks: Sequence[Conversation]) -> tuple[list[Rating], list[Activity]]:
    """What buyers thought of conversations that are over, with the lines in the threads that say so."""
    over = [talk for talk in talks if talk.status is Status.RESOLVED and talk.merchant_id == SHOP]
    rated, told = [], []
    for turn, talk in enumerate(over):
        said = SCORES[turn % len(SCORES)]
        if said is None:
            continue
        score, comment = said
        at = talk.last_message_time + 600
        facts = {"conversation_id": talk.id, "created_at": at}
        rated.append(
            Rating(
                merchant_id=SHOP, customer_id=talk.customer_id, agent_id=talk.assignee_id, score=score,
                comment=comment, **facts,
            )
        )  # fmt: skip
        told.append(
            Activity(actor_id=talk.customer_id, kind="rated", value=str(score), after_seq=talk.last_seq, **facts)
        )
    return rated, told


def _visit(talk: Conversation, turn: int, locales: dict[str, str]) -> Visit:
    seen = [PAGES[(turn + step) % len(PAGES)] for step in range(1 + turn % 4)]
    pages: list[dict[str, Any]] = [
        {"url": f"https://farm.example.com{path}", "title": title, "at": talk.last_message_time - 90 * step}
        for step, (title, path) in enumerate(seen)
    ]
    return Visit(
        merchant_id=SHOP,
        customer_id=talk.customer_id,
        language=locales.get(talk.customer_id) or "en",
        device=DEVICES[turn % len(DEVICES)],
        page_url=pages[0]["url"],
        page_title=pages[0]["title"],
        referrer="https://www.baidu.com/" if turn % 3 == 0 else "",
        seen_at=talk.last_message_time,
        pages=pages,
    )
