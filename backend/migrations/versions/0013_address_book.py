"""A contact for every buyer of a shop, merged ones for several; blocks; figures of days in finer detail.

Revision: 0013, after 0012
"""

import time
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.chat.contacts_models import derived
from app.kernel.ids import new_id

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
SLICE = 500
_FIELDS = ("name", "email", "phone", "company", "note")

contacts = sa.table(
    "contacts", *(sa.column(name) for name in ("id", "merchant_id", "customer_id", *_FIELDS)),
    *(sa.column(name) for name in ("last_seen_at", "block_reason", "sort_key", "search_text", "created_at")),
    sa.column("updated_at"),
)  # fmt: skip
links = sa.table("contact_customers", sa.column("merchant_id"), sa.column("customer_id"), sa.column("contact_id"))
users = sa.table("users", *(sa.column(name) for name in ("id", "display_name", "email", "phone")))
talks = sa.table(
    "conversations", *(sa.column(name) for name in ("merchant_id", "customer_id", "created_at", "last_message_time"))
)


def upgrade() -> None:
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_seen_at", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("blocked_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("blocked_by", sa.String(length=50), nullable=True))
        batch_op.add_column(sa.Column("block_reason", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("sort_key", sa.String(length=80), nullable=False, server_default="~"))
        batch_op.add_column(sa.Column("search_text", sa.Text(), nullable=True))
    op.create_table(
        "contact_customers",
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("customer_id", sa.String(length=50), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_contact_customers_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["users.id"], name=op.f("fk_contact_customers_customer_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("merchant_id", "customer_id", name=op.f("pk_contact_customers")),
        **TABLE,
    )
    with op.batch_alter_table("contact_customers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_customers_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_customers_customer_id"), ["customer_id"], unique=False)
    op.add_column("conversations", sa.Column("is_blocked", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("daily_reports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    connection = op.get_bind()
    _derive(connection)
    _link_buyers(connection)
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.alter_column("search_text", existing_type=sa.Text(), nullable=False)
        batch_op.drop_constraint(op.f("fk_contacts_customer_id_users"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_contacts_customer_id"))
        batch_op.drop_column("customer_id")
        batch_op.create_index("ix_contacts_by_name", ["merchant_id", "sort_key", "id"], unique=False)
        batch_op.create_index("ix_contacts_by_seen", ["merchant_id", "last_seen_at", "id"], unique=False)
        batch_op.create_index("ix_contacts_by_age", ["merchant_id", "created_at", "id"], unique=False)


def _derive(connection: sa.Connection) -> None:
    """What lists need of those that are there, and the buyers to whom they are linked: of two contacts the older."""
    after = 0
    while True:
        query = sa.select(contacts).where(contacts.c.id > after).order_by(contacts.c.id).limit(SLICE)
        rows = connection.execute(query).all()
        if not rows:
            return
        after = rows[-1].id
        for row in rows:
            connection.execute(contacts.update().where(contacts.c.id == row.id).values(**derived(row._mapping)))
        linked = [row for row in rows if row.customer_id]
        there = _linked(connection, [row.customer_id for row in linked])
        fresh: dict[tuple[str, str], int] = {}
        for row in linked:
            pair = (row.merchant_id, row.customer_id)
            if pair not in there:
                fresh.setdefault(pair, row.id)
        _link(connection, fresh)


def _link_buyers(connection: sa.Connection) -> None:
    """One for each buyer with a conversation, slice by slice of the pairs."""
    place, last = ("", ""), sa.func.max(talks.c.last_message_time)
    pair = (talks.c.merchant_id, talks.c.customer_id)
    while True:
        later = sa.or_(pair[0] > place[0], sa.and_(pair[0] == place[0], pair[1] > place[1]))
        query = sa.select(*pair, last.label("seen"), sa.func.min(talks.c.created_at).label("since")).where(later)
        rows = connection.execute(query.group_by(*pair).order_by(*pair).limit(SLICE)).all()
        if not rows:
            return
        place = (rows[-1].merchant_id, rows[-1].customer_id)
        there = _linked(connection, [row.customer_id for row in rows])
        _add(connection, [row for row in rows if (row.merchant_id, row.customer_id) not in there])
        for row in rows:
            known = there.get((row.merchant_id, row.customer_id))
            if known is not None:
                older = (contacts.c.id == known, contacts.c.last_seen_at < row.seen)
                connection.execute(contacts.update().where(*older).values(last_seen_at=row.seen))


def _add(connection: sa.Connection, pairs: list[Any]) -> None:
    if not pairs:
        return
    found = connection.execute(sa.select(users).where(users.c.id.in_([row.customer_id for row in pairs]))).all()
    people = {row.id: row for row in found}
    taken: dict[str, set[tuple[str, str]]] = {}
    for name in ("email", "phone"):
        values = [value for row in found if (value := getattr(row, name))]
        column = contacts.c[name]
        rows = connection.execute(sa.select(contacts.c.merchant_id, column).where(column.in_(values))).all()
        taken[name] = {(row[0], row[1]) for row in rows}
    at, made, fresh = int(time.time()), [], {}
    for row in pairs:
        person = people[row.customer_id]
        values: dict[str, Any] = {"name": person.display_name, "company": "", "note": ""}
        for name in ("email", "phone"):
            value = getattr(person, name)
            values[name] = None if (row.merchant_id, value) in taken[name] else value
        number = fresh[row.merchant_id, row.customer_id] = new_id()
        made.append(
            {"id": number, "merchant_id": row.merchant_id, "last_seen_at": row.seen, "block_reason": "",
             "created_at": row.since or at, "updated_at": at} | values | derived(values)
        )  # fmt: skip
    connection.execute(contacts.insert(), made)
    _link(connection, fresh)


def _linked(connection: sa.Connection, customers: list[str]) -> dict[tuple[str, str], int]:
    rows = connection.execute(sa.select(links).where(links.c.customer_id.in_(customers))).all()
    return {(row.merchant_id, row.customer_id): row.contact_id for row in rows}


def _link(connection: sa.Connection, fresh: dict[tuple[str, str], int]) -> None:
    rows = [
        {"merchant_id": shop, "customer_id": buyer, "contact_id": number} for (shop, buyer), number in fresh.items()
    ]
    if rows:
        connection.execute(links.insert(), rows)


def downgrade() -> None:
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("customer_id", sa.String(length=50), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_contacts_customer_id_users"), "users", ["customer_id"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_index(batch_op.f("ix_contacts_customer_id"), ["customer_id"], unique=False)
    connection = op.get_bind()
    first = sa.select(sa.func.min(links.c.customer_id)).where(links.c.contact_id == contacts.c.id).scalar_subquery()
    connection.execute(contacts.update().values(customer_id=first))
    with op.batch_alter_table("daily_reports", schema=None) as batch_op:
        batch_op.drop_column("version")
    op.drop_column("conversations", "is_blocked")
    op.drop_table("contact_customers")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index("ix_contacts_by_age")
        batch_op.drop_index("ix_contacts_by_seen")
        batch_op.drop_index("ix_contacts_by_name")
        for name in ("search_text", "sort_key", "block_reason", "blocked_by", "blocked_at", "last_seen_at"):
            batch_op.drop_column(name)
