"""The plan of a batch, whatever is sent: no gap, no double, the right counts. A machine tries to break it."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from app.chat import plan as plans
from app.chat.drafts import Draft, MessageRow
from app.chat.models import MAX_PREVIEW
from app.chat.plan import Sent, Standing
from app.kernel.errors import AppError
from app.kernel.identity import Identity, Role

LIN = Identity("b1", Role.BUYER, None, 1)
MARIA = Identity("b2", Role.BUYER, None, 2)
CHEN = Identity("m1", Role.MERCHANT, "m1", 3)
AN = Identity("m2", Role.MERCHANT, "m1", 4)
HONEY = Identity("m7", Role.MERCHANT, "m7", 5)
STRAY = Identity("m8", Role.MERCHANT, None, 6)
ADMIN = Identity("a1", Role.ADMIN, None, 7)
PLATFORM = Identity("p1", Role.PLATFORM, None, 8)
NOW = 1_800_000_000

TALK = Standing(1, "b1", "m1", "open", 0, 0, 0, None)
PARTIES = {"b1", "m1", "m2"}


def draft(sender: Identity = LIN, name: str = "c1", content: str = "x", **more: object) -> Draft:
    return replace(Draft(sender, 1, name, content), **more)  # type: ignore[arg-type]


drafts = st.builds(
    Draft,
    sender=st.sampled_from([LIN, MARIA, CHEN, AN, HONEY, STRAY, ADMIN, PLATFORM]),
    conversation_id=st.sampled_from([1, 2, 99]),
    client_id=st.sampled_from([f"c{number}" for number in range(6)]),
    content=st.sampled_from(["a", "b"]),
    reply_to=st.sampled_from([None, None, 11, 22]),
)
REPLIED = {11: 1, 22: 2}
TALKS = {1: TALK, 2: Standing(2, "b2", "m1", "resolved", 7, 1, 3, None)}


class Store:
    """What the stores do with a plan, in two dictionaries."""

    def __init__(self) -> None:
        self.talks = dict(TALKS)
        self.messages: dict[tuple[int, str], MessageRow] = {}

    def commit(self, batch: list[Draft]) -> list[plans.Outcome]:
        known = {
            key: row for key, row in self.messages.items() if key in {(d.conversation_id, d.client_id) for d in batch}
        }
        plan = plans.make(batch, self.talks, known, REPLIED, NOW)
        assert len(plan.outcomes) == len(batch)
        for row in plan.messages:
            assert (row.conversation_id, row.client_id) not in self.messages, "the unique rule would refuse this"
            self.messages[row.conversation_id, row.client_id] = row
        for change in plan.updates():
            self.talks[change.id] = replace(
                self.talks[change.id],
                status=change.status,
                last_seq=change.last_seq,
                customer_unread=change.customer_unread,
                merchant_unread=change.merchant_unread,
                waiting_since=change.waiting_since,
            )
        return plan.outcomes


@settings(max_examples=150)
@given(st.lists(st.lists(drafts, max_size=12), max_size=8))
def test_any_sequence_of_batches_keeps_every_promise(batches: list[list[Draft]]) -> None:
    store = Store()
    first: dict[tuple[int, str], Sent] = {}
    for batch in batches:
        for one, outcome in zip(batch, store.commit(batch), strict=True):
            check_rights(one, outcome)
            if isinstance(outcome, Sent):
                key = (one.conversation_id, one.client_id)
                assert outcome.message == first.setdefault(key, outcome).message
                assert outcome.is_replay == (outcome is not first[key])
            elif outcome.code == "client_id_reused":
                assert (one.conversation_id, one.client_id) in first
    for talk in store.talks.values():
        rows = sorted(row for key, row in store.messages.items() if key[0] == talk.id)
        before = TALKS[talk.id]
        seqs = sorted(row.seq for row in rows)
        assert seqs == list(range(before.last_seq + 1, before.last_seq + 1 + len(rows)))
        assert talk.last_seq == before.last_seq + len(rows)
        by_customer = sum(row.sender_id == talk.customer_id for row in rows)
        assert talk.merchant_unread == before.merchant_unread + by_customer
        assert talk.customer_unread == before.customer_unread + len(rows) - by_customer
        last = max(rows, key=lambda row: row.seq, default=None)
        assert (talk.waiting_since is not None) == (last is not None and last.sender_id == talk.customer_id)
        assert talk.status == ("open" if by_customer else before.status)
    assert TALK.last_seq == 0, "the plan changed what it was given"


def check_rights(one: Draft, outcome: plans.Outcome) -> None:
    """Whoever may not write gets nothing but a refusal, and learns nothing."""
    if one.sender.role is Role.ADMIN:
        assert isinstance(outcome, AppError)
        assert outcome.code == "read_only"
        return
    talk = TALKS.get(one.conversation_id)
    is_party = talk is not None and (
        one.sender.user_id == talk.customer_id
        or (one.sender.role is Role.MERCHANT and one.sender.merchant_id == talk.merchant_id)
    )
    if not is_party:
        assert isinstance(outcome, AppError)
        assert (outcome.status, outcome.code) == (404, "conversation_not_found")


def only(*batch: Draft, talk: Standing = TALK, now: int = NOW) -> tuple[list[plans.Outcome], plans.Plan]:
    plan = plans.make(list(batch), {1: talk}, {}, REPLIED, now)
    return plan.outcomes, plan


def test_a_name_that_comes_twice_in_one_batch_makes_one_message() -> None:
    outcomes, plan = only(draft(), draft(), draft(content="other"))
    assert [getattr(outcome, "is_replay", getattr(outcome, "code", None)) for outcome in outcomes] == [
        False, True, "client_id_reused",
    ]  # fmt: skip
    assert len(plan.messages) == 1


def test_every_part_of_the_payload_counts_for_a_replay() -> None:
    file, other = {"id": "1", "name": "a"}, {"id": "2", "name": "a"}
    changes: list[dict[str, object]] = [
        {"content": "y"},
        {"sender": AN},
        {"reply_to": 11},
        {"message_type": "file", "attachments": [file]},
        {"attachments": [other]},
    ]
    for change in changes:
        outcomes, _ = only(
            draft(attachments=[file]), draft(attachments=[file]), draft(**{"attachments": [file]} | change)
        )
        assert isinstance(outcomes[1], Sent), change
        assert isinstance(outcomes[2], AppError) or change == {"message_type": "file", "attachments": [file]}
    outcomes, _ = only(draft(sender=CHEN), draft(sender=AN))
    assert isinstance(outcomes[1], AppError)


def test_an_answer_must_name_a_message_of_the_same_conversation() -> None:
    outcomes, _ = only(draft(reply_to=11), draft(name="c2", reply_to=22), draft(name="c3", reply_to=33))
    assert isinstance(outcomes[0], Sent)
    assert [outcome.code for outcome in outcomes[1:] if isinstance(outcome, AppError)] == ["reply_to_not_found"] * 2


def test_the_clock_of_waiting_starts_once_and_stops_with_an_answer() -> None:
    _, plan = only(draft(), draft(name="c2"))
    assert plan.updates()[0].waiting_since == NOW
    _, plan = only(draft(), talk=replace(TALK, waiting_since=NOW - 60))
    assert plan.updates()[0].waiting_since == NOW - 60
    _, plan = only(draft(), draft(sender=AN, name="c2"))
    assert plan.updates()[0].waiting_since is None
    _, plan = only(draft(sender=AN), draft(name="c2"))
    assert plan.updates()[0].waiting_since == NOW


def test_the_buyer_wakes_what_sleeps_and_leaves_what_is_pending() -> None:
    for status, after in (("resolved", "open"), ("snoozed", "open"), ("pending", "pending"), ("open", "open")):
        _, plan = only(draft(), talk=replace(TALK, status=status))
        assert plan.updates()[0].status == after
        _, plan = only(draft(sender=CHEN), talk=replace(TALK, status=status))
        assert plan.updates()[0].status == status


def test_the_preview_is_short_and_names_a_file() -> None:
    _, plan = only(draft(content=" " + "米" * 500))
    assert plan.updates()[0].last_message == "米" * MAX_PREVIEW
    _, plan = only(draft(content=" ", message_type="file", attachments=[{"id": "1", "name": "价格.pdf"}]))
    assert plan.updates()[0].last_message == "价格.pdf"


def test_refusals_write_nothing() -> None:
    outcomes, plan = only(draft(sender=ADMIN), draft(sender=MARIA), draft(reply_to=33))
    assert all(isinstance(outcome, AppError) for outcome in outcomes)
    assert (plan.messages, plan.updates()) == ([], [])
