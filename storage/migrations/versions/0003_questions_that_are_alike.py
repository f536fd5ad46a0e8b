"""Questions nobody could answer yet are grouped with those alike; communes' copies of entries say what they replace"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each open question begins as a group of its own: its words are sealed, so nobody can tell what it is like."""
    op.create_table(
        "unanswered_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=False),
        sa.Column("terms", sa.String(length=200), nullable=False),
        sa.Column("nearest", sa.String(length=60), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unanswered_group")),
    )
    op.create_index("ix_unanswered_group_commune", "unanswered_group", ["commune", "last_at"])
    op.add_column("unanswered", sa.Column("group_id", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "INSERT INTO unanswered_group (id, commune, terms, nearest, times, last_at) "
        "SELECT id, commune, '', nearest, 1, at FROM unanswered"
    )
    op.execute("UPDATE unanswered SET group_id = id")
    op.create_index(op.f("ix_unanswered_group_id"), "unanswered", ["group_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('unanswered_group', 'id'), "
            "(SELECT coalesce(max(id), 0) + 1 FROM unanswered_group), false)"
        )
    _name_what_copies_replace()


def _name_what_copies_replace() -> None:
    """A commune's copy of a common entry was known by its id alone: the common one's, then the commune's code."""
    bind = op.get_bind()
    rows = bind.execute(sa.text("SELECT id, commune, data FROM faq_entry")).all()
    common = {row[0][:54]: row[0] for row in rows if not row[1]}
    for entry_id, commune, data in rows:
        replaced = common.get(entry_id.removesuffix(f"-{commune}")) if commune else None
        entry = json.loads(data)
        if replaced and not entry.get("overrides"):
            filled = json.dumps({**entry, "overrides": replaced}, ensure_ascii=False)
            bind.execute(sa.text("UPDATE faq_entry SET data = :data WHERE id = :id"), {"data": filled, "id": entry_id})


def downgrade() -> None:
    """Undo it."""
    with op.batch_alter_table("unanswered") as batch:
        batch.drop_index(op.f("ix_unanswered_group_id"))
        batch.drop_column("group_id")
    with op.batch_alter_table("unanswered_group") as batch:
        batch.drop_index("ix_unanswered_group_commune")
    op.drop_table("unanswered_group")
