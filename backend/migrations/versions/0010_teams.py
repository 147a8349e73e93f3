"""Teams, routing and working hours.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("availability", sa.String(length=20), nullable=False, server_default="online"))
        batch_op.add_column(sa.Column("availability_at", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("here_until", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("capacity", sa.Integer(), nullable=False, server_default="10"))
        batch_op.add_column(sa.Column("last_turn", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("shop_settings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("routing", sa.String(length=20), nullable=False, server_default="off"))
        batch_op.add_column(sa.Column("return_after_minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("welcome_text", sa.String(length=1000), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("away_text", sa.String(length=1000), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_shop_settings_routing"), ["routing"], unique=False)
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index("ix_conversations_in_charge", ["merchant_id", "status", "assignee_id"], unique=False)
    op.create_table(
        "shop_hours",
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_shop_hours_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_shop_hours")),
        **TABLE,
    )
    op.create_table(
        "shop_holidays",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("ranges", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_shop_holidays_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_holidays")),
        **TABLE,
    )
    with op.batch_alter_table("shop_holidays", schema=None) as batch_op:
        batch_op.create_index("ix_shop_holidays_days", ["merchant_id", "last_day"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("created_by", sa.String(length=50), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_by", sa.String(length=50), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_invitations_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        **TABLE,
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_merchant_id"), ["merchant_id"], unique=False)


def downgrade() -> None:
    # Indexes go with their table: MariaDB keeps one that a foreign key needs.
    op.drop_table("invitations")
    op.drop_table("shop_holidays")
    op.drop_table("shop_hours")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_index("ix_conversations_in_charge")
    with op.batch_alter_table("shop_settings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shop_settings_routing"))
        for name in ("away_text", "welcome_text", "return_after_minutes", "routing"):
            batch_op.drop_column(name)
    with op.batch_alter_table("staff", schema=None) as batch_op:
        for name in ("last_turn", "capacity", "here_until", "availability_at", "availability"):
            batch_op.drop_column(name)
