"""The address books of the demo shops: everybody who wrote, companies, people met elsewhere, doubles, one blocked."""

from collections.abc import Sequence
from typing import Any

from app.chat.contacts_models import Contact, ContactCustomer, derived
from app.chat.models import Conversation
from app.demo.people import DAY_SECONDS, Person
from app.demo.transcripts import Transcript
from app.kernel.ids import new_id

SHOP = "m1"
# What the shop knows of buyers beside their names, by user name.
KNOWN: dict[str, dict[str, str]] = {
    "lin": {"phone": "+8613812342201", "note": "老客户，喜欢当天现磨。送货请安排在晚上。"},
    "maria": {"email": "maria.keller@example.org", "company": "Keller Feinkost", "note": "Vienna, reads English."},
    "wang.jianguo": {"phone": "+8613901112233", "company": "建国粮油商行", "note": "每月团购 40 箱，要开专票。"},
    "jonas.brandt": {"email": "jonas@brandt-import.example", "company": "Brandt Import GmbH"},
    "sunzhiqiang": {"company": "志强餐饮", "phone": "+8613700001188"},
    "emily.carter": {"email": "emily.carter@example.com", "company": "Carter & Daughters"},
    "tangguoqing": {"phone": "+8613600007799", "note": "过敏：不要含麸质的礼盒。"},
    "kenji.mori": {"email": "mori@mori-shokuhin.example", "company": "森食品株式会社"},
}
# Met at a fair, or in a table that was imported: they have never written, and some are doubles.
OTHERS: list[dict[str, str]] = [
    {"name": "林小雨", "email": "xiaoyu.lin@example.cn", "note": "五月展会上认识，想做企业礼盒。"},
    {"name": "Maria Keller", "phone": "+436601234567", "company": "Keller Feinkost"},
    {"name": "周末农夫市集", "email": "hello@weekend-market.example", "company": "周末农夫市集", "note": "Stand 12."},
    {"name": "韩梅", "phone": "+8613512340000", "company": "春风幼儿园", "note": "每学期采购一次。"},
    {"name": "Peter Novak", "email": "peter.novak@example.net"},
]
BLOCKED = "dupeng"
REASON = "反复发送广告。"
OTHERS_AGE_DAYS = 45


def contacts(
    told: Sequence[Transcript], cast: dict[str, Person], at: int
) -> tuple[list[Contact], list[ContactCustomer]]:
    """One for each pair of shop and buyer, then the others of the rice shop. Marks the conversations of the blocked."""
    people = {person.id: person for person in cast.values()}
    pairs: dict[tuple[str, str], list[Conversation]] = {}
    for one in told:
        talk = one.conversation
        pairs.setdefault((talk.merchant_id, talk.customer_id), []).append(talk)
    made, links = [], []
    for (merchant_id, customer_id), talks in pairs.items():
        person = people[customer_id]
        facts: dict[str, Any] = {"name": person.name} | (KNOWN.get(person.username, {}) if merchant_id == SHOP else {})
        contact = _contact(merchant_id, facts, min(talk.created_at for talk in talks), [person.username])
        contact.last_seen_at = max(talk.last_message_time for talk in talks)
        if (merchant_id, person.username) == (SHOP, BLOCKED):
            contact.blocked_at, contact.blocked_by, contact.block_reason = contact.last_seen_at, SHOP, REASON
            for talk in talks:
                talk.is_blocked = True
        made.append(contact)
        links.append(ContactCustomer(merchant_id=merchant_id, customer_id=customer_id, contact_id=contact.id))
    made += [_contact(SHOP, facts, at - OTHERS_AGE_DAYS * DAY_SECONDS, []) for facts in OTHERS]
    return made, links


def _contact(merchant_id: str, facts: dict[str, Any], since: int, aliases: Sequence[str]) -> Contact:
    return Contact(
        id=new_id(), merchant_id=merchant_id, created_at=since, updated_at=since, **facts, **derived(facts, aliases)
    )
