"""Rules, labels with colours, folders of quick replies, API keys.

Revision: 0012, after 0011
"""

import time
from itertools import count

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
SLICE = 1000
EPOCH_MS = 1_735_689_600_000  # of our Snowflakes


def upgrade() -> None:
    op.create_table(
        "labels",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("color", sa.String(length=10), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_labels_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
        sa.UniqueConstraint("merchant_id", "name", name=op.f("uq_labels_merchant_id_name")),
        **TABLE,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_api_keys_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        **TABLE,
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_keys_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_keys_revoked_at"), ["revoked_at"], unique=False)
    op.create_table(
        "automation_rules",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("event", sa.String(length=30), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("waiting_minutes", sa.Integer(), nullable=False),
        sa.Column("match", sa.String(length=10), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("stops", sa.Boolean(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("enabled_at", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("last_run_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_automation_rules_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_rules")),
        **TABLE,
    )
    with op.batch_alter_table("automation_rules", schema=None) as batch_op:
        batch_op.create_index("ix_automation_rules_shop", ["merchant_id", "position"], unique=False)
        batch_op.create_index("ix_automation_rules_event", ["event", "is_enabled"], unique=False)
    op.create_table(
        "automation_runs",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("trigger", sa.String(length=80), nullable=False),
        sa.Column("is_match", sa.Boolean(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_automation_runs_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["automation_rules.id"],
            name=op.f("fk_automation_runs_rule_id_automation_rules"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_runs")),
        sa.UniqueConstraint(
            "rule_id", "conversation_id", "trigger", name=op.f("uq_automation_runs_rule_id_conversation_id_trigger")
        ),
        **TABLE,
    )
    with op.batch_alter_table("automation_runs", schema=None) as batch_op:
        batch_op.create_index("ix_automation_runs_shop", ["merchant_id", "id"], unique=False)
        batch_op.create_index("ix_automation_runs_unfinished", ["finished_at", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_automation_runs_conversation_id"), ["conversation_id"], unique=False)
    with op.batch_alter_table("quick_replies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("folder", sa.String(length=60), server_default="", nullable=False))
        batch_op.add_column(sa.Column("uses", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("attachments", sa.JSON(none_as_null=True), nullable=True))
    _name_labels(op.get_bind())


def _name_labels(connection: sa.Connection) -> None:
    """Labels that conversations bear already become rows, grey until somebody gives them a colour."""
    talks = sa.table("conversations", sa.column("id"), sa.column("merchant_id"))
    borne = sa.table("conversation_labels", sa.column("conversation_id"), sa.column("name"))
    names = ("id", "merchant_id", "name", "color", "description", "created_at", "updated_at")
    labels = sa.table("labels", *(sa.column(name) for name in names))
    found = sa.select(talks.c.merchant_id, borne.c.name).join_from(borne, talks, talks.c.id == borne.c.conversation_id)
    at = int(time.time())
    # Ids below today's Snowflakes and above nothing: the shape of one, made without a node.
    ids = count(at * 1000 - EPOCH_MS << 22)
    rows = [
        dict(zip(names, (next(ids), merchant_id, name, "grey", "", at, at), strict=True))
        for merchant_id, name in connection.execute(found.distinct())
    ]
    for start in range(0, len(rows), SLICE):
        connection.execute(labels.insert(), rows[start : start + SLICE])


def downgrade() -> None:
    with op.batch_alter_table("quick_replies", schema=None) as batch_op:
        batch_op.drop_column("attachments")
        batch_op.drop_column("uses")
        batch_op.drop_column("folder")
    # Indexes go with their table: MariaDB keeps one that a foreign key needs.
    op.drop_table("automation_runs")
    op.drop_table("automation_rules")
    op.drop_table("api_keys")
    op.drop_table("labels")
