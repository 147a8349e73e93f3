"""What threads and composers need: deleted messages, drafts, mentions, the preview of what a buyer types.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    # Without batch_alter_table: a copy of the table would stumble over the generated columns of `conversations`.
    op.add_column("messages", sa.Column("deleted_at", sa.BigInteger(), nullable=True))
    op.add_column("conversations", sa.Column("last_deletion_at", sa.BigInteger(), nullable=True))
    preview = sa.Column("typing_preview", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("shop_settings", preview)
    op.create_table(
        "composer_drafts",
        sa.Column("user_id", sa.String(length=50), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_composer_drafts_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_composer_drafts_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "conversation_id", "mode", name=op.f("pk_composer_drafts")),
        **TABLE,
    )
    op.create_table(
        "note_mentions",
        sa.Column("note_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(length=50), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_note_mentions_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.id"], name=op.f("fk_note_mentions_note_id_notes"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_note_mentions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("note_id", "user_id", name=op.f("pk_note_mentions")),
        **TABLE,
    )
    with op.batch_alter_table("note_mentions", schema=None) as batch_op:
        batch_op.create_index("ix_note_mentions_user_seen", ["user_id", "seen_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_mentions_conversation_id"), ["conversation_id"], unique=False)


def downgrade() -> None:
    op.drop_table("note_mentions")
    op.drop_table("composer_drafts")
    op.drop_column("shop_settings", "typing_preview")
    op.drop_column("conversations", "last_deletion_at")
    op.drop_column("messages", "deleted_at")
