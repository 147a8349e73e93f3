"""Settings of shops, uses of files, deletions of persons, reports; indexes for what is swept.

Revision: 0006, after 0005
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
SLICE = 1000


def upgrade() -> None:
    op.create_table(
        "shop_settings",
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("auto_resolve_after_hours", sa.Integer(), nullable=True),
        sa.Column("auto_resolve_warning", sa.String(length=1000), nullable=False),
        sa.Column("warn_before_hours", sa.Integer(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_shop_settings_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_shop_settings")),
        **TABLE,
    )
    op.create_table(
        "file_uses",
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used_by", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_file_uses_file_id_files"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("file_id", "used_by", name=op.f("pk_file_uses")),
        **TABLE,
    )
    with op.batch_alter_table("file_uses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_file_uses_used_by"), ["used_by"], unique=False)
    op.create_table(
        "person_deletions",
        sa.Column("user_id", sa.String(length=50), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.String(length=50), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_person_deletions")),
        **TABLE,
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("requested_by", sa.String(length=50), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_reports_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        **TABLE,
    )
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.create_index("ix_reports_shop", ["merchant_id", "id"], unique=False)
    op.create_table(
        "daily_reports",
        sa.Column("merchant_id", sa.String(length=50), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["users.id"], name=op.f("fk_daily_reports_merchant_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("merchant_id", "day", name=op.f("pk_daily_reports")),
        **TABLE,
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index("ix_files_leftover", ["attached_at", "created_at"], unique=False)
    with op.batch_alter_table("auth_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_sessions_expires_at"), ["expires_at"], unique=False)
    with op.batch_alter_table("refresh_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refresh_tokens_expires_at"), ["expires_at"], unique=False)
    connection = op.get_bind()
    _note_uses(connection)
    _keep_avatars(connection)


def _note_uses(connection: sa.Connection) -> None:
    """What the messages that are there already show, slice by slice."""
    messages = sa.table(
        "messages", sa.column("id"), sa.column("conversation_id"), sa.column("attachments", sa.JSON(none_as_null=True))
    )
    files = sa.table("files", sa.column("id"))
    uses = sa.table("file_uses", sa.column("file_id"), sa.column("used_by"))
    after = 0
    while True:
        query = sa.select(messages).where(messages.c.id > after, messages.c.attachments.is_not(sa.null()))
        rows = connection.execute(query.order_by(messages.c.id).limit(SLICE)).all()
        if not rows:
            return
        after = rows[-1].id
        shown = {(int(one["id"]), row.conversation_id) for row in rows for one in _listed(row.attachments)}
        ids = {file_id for file_id, _ in shown}
        there = set(connection.execute(sa.select(files.c.id).where(files.c.id.in_(ids))).scalars())
        places = sorted({place for _, place in shown})
        noted = connection.execute(sa.select(uses).where(uses.c.used_by.in_(places))).all()
        fresh = sorted(use for use in shown - {tuple(row) for row in noted} if use[0] in there)
        if fresh:
            connection.execute(uses.insert(), [{"file_id": file_id, "used_by": place} for file_id, place in fresh])


def _listed(attachments: Any) -> list[dict[str, Any]]:
    found = json.loads(attachments) if isinstance(attachments, str) else attachments
    return [one for one in found or [] if str(one.get("id", "")).isdigit()]


def _keep_avatars(connection: sa.Connection) -> None:
    """An upload that a profile shows is no leftover."""
    users = sa.table("users", sa.column("id"), sa.column("avatar"))
    files = sa.table("files", sa.column("path"), sa.column("attached_at"), sa.column("created_at"))
    after = ""
    while True:
        own = sa.select(users).where(users.c.id > after, users.c.avatar.like("/media/uploads/%"))
        rows = connection.execute(own.order_by(users.c.id).limit(SLICE)).all()
        if not rows:
            return
        after = rows[-1].id
        paths = {row.avatar.removeprefix("/media/") for row in rows}
        paths |= {path.removesuffix("-small.webp") + ".webp" for path in paths if path.endswith("-small.webp")}
        untaken = (files.c.path.in_(paths), files.c.attached_at.is_(None))
        connection.execute(files.update().where(*untaken).values(attached_at=files.c.created_at))


def downgrade() -> None:
    with op.batch_alter_table("refresh_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refresh_tokens_expires_at"))
    with op.batch_alter_table("auth_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_sessions_expires_at"))
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index("ix_files_leftover")
    op.drop_table("daily_reports")
    op.drop_table("reports")
    op.drop_table("person_deletions")
    op.drop_table("file_uses")
    op.drop_table("shop_settings")
