"""Who looked at what; why somebody was suspended; which processes live.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
INDEXES = {
    "ix_audit_entries_actor_id": ["actor_id", "id"],
    "ix_audit_entries_merchant_id": ["merchant_id", "id"],
    "ix_audit_entries_subject": ["subject_id", "id"],
    "ix_audit_entries_action": ["action", "id"],
    "ix_audit_entries_at": ["at"],
}


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor_id", sa.String(length=50), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.String(length=50), nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("once_key", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("once_key", name=op.f("uq_audit_entries_once_key")),
        **TABLE,
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "audit_entries", columns)
    op.create_table(
        "instances",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=30), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_instances")),
        **TABLE,
    )
    op.create_index(op.f("ix_instances_seen_at"), "instances", ["seen_at"])
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("blocked_reason", sa.String(length=300), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.drop_column("blocked_reason")
    op.drop_table("instances")
    op.drop_table("audit_entries")
