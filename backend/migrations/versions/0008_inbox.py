"""What the list of conversations needs: channels, what it is sorted by, marks that move back, saved views.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
WAITING_ORDER = "COALESCE(waiting_since, 9007199254740991)"
PRIORITY_ORDER = (
    "(CASE priority WHEN 'urgent' THEN 3 WHEN 'high' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END)"
    " * 1099511627776 + last_message_time"
)
SORTED_BY = {"waiting": "waiting_order", "priority": "priority_order", "created": "created_at"}


def upgrade() -> None:
    # PostgreSQL indexes only what is stored; SQLite adds to a table only what is not.
    stored = True if op.get_bind().dialect.name == "postgresql" else None
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merchant_seen_seq", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("channel", sa.String(length=20), nullable=False, server_default="api"))
        batch_op.add_column(
            sa.Column("waiting_order", sa.BigInteger(), sa.Computed(WAITING_ORDER, stored), nullable=True)
        )
        batch_op.add_column(
            sa.Column("priority_order", sa.BigInteger(), sa.Computed(PRIORITY_ORDER, stored), nullable=True)
        )
    talks = sa.table("conversations", sa.column("merchant_read_seq"), sa.column("merchant_seen_seq"))
    op.execute(talks.update().values(merchant_seen_seq=talks.c.merchant_read_seq))
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        for name, key in SORTED_BY.items():
            batch_op.create_index(f"ix_conversations_merchant_{name}", ["merchant_id", key, "id"], unique=False)
    op.create_table(
        "views",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("user_id", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("sort", sa.String(length=20), nullable=False),
        sa.Column("order", sa.String(length=4), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_views_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_views_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_views")),
        **TABLE,
    )
    with op.batch_alter_table("views", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_views_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_views_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("views")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        for name in SORTED_BY:
            batch_op.drop_index(f"ix_conversations_merchant_{name}")
        for column in ("priority_order", "waiting_order", "channel", "merchant_seen_seq"):
            batch_op.drop_column(column)
