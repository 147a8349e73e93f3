"""Widgets, visits and ratings; who a shop's customers are by its own word.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def _user(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_{table}_{column}_users"), ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "widget_settings",
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        _user("widget_settings", "merchant_id"),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_widget_settings")),
        **TABLE,
    )
    op.create_table(
        "identity_keys",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("sealed_secret", sa.String(length=500), nullable=False),
        sa.Column("hint", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        _user("identity_keys", "merchant_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_keys")),
        **TABLE,
    )
    op.create_index(op.f("ix_identity_keys_merchant_id"), "identity_keys", ["merchant_id"])
    op.create_table(
        "customer_identities",
        sa.Column("user_id", sa.String(length=50), nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        _user("customer_identities", "user_id"),
        _user("customer_identities", "merchant_id"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_customer_identities")),
        sa.UniqueConstraint("merchant_id", "subject", name=op.f("uq_customer_identities_merchant_id_subject")),
        **TABLE,
    )
    op.create_table(
        "visits",
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("customer_id", sa.String(length=50), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("page_url", sa.String(length=500), nullable=False),
        sa.Column("page_title", sa.String(length=200), nullable=False),
        sa.Column("referrer", sa.String(length=500), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.JSON(), nullable=False),
        _user("visits", "merchant_id"),
        _user("visits", "customer_id"),
        sa.PrimaryKeyConstraint("merchant_id", "customer_id", name=op.f("pk_visits")),
        **TABLE,
    )
    op.create_index(op.f("ix_visits_customer_id"), "visits", ["customer_id"])
    op.create_table(
        "ratings",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("customer_id", sa.String(length=50), nullable=False),
        sa.Column("agent_id", sa.String(length=50), nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_ratings_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("conversation_id", name=op.f("uq_ratings_conversation_id")),
        **TABLE,
    )
    op.create_index(op.f("ix_ratings_merchant_id_created_at"), "ratings", ["merchant_id", "created_at"])
    op.create_index(op.f("ix_ratings_customer_id"), "ratings", ["customer_id"])


def downgrade() -> None:
    for table in ("ratings", "visits", "customer_identities", "identity_keys", "widget_settings"):
        op.drop_table(table)
