"""screening"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "list_release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("publisher", sa.String(length=300), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("licence", sa.String(length=300), nullable=False),
        sa.Column("dated", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("taken_from", sa.String(length=1000), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("etag", sa.String(length=300), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_release")),
        sa.UniqueConstraint("list_id", "sha256", name=op.f("uq_list_release_list_id")),
    )
    with op.batch_alter_table("list_release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_list_release_current"), ["current"], unique=False)
        batch_op.create_index(batch_op.f("ix_list_release_list_id"), ["list_id"], unique=False)

    op.create_table(
        "firm_hit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("firm_id", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("given", sa.String(length=500), nullable=False),
        sa.Column("listed", sa.String(length=500), nullable=False),
        sa.Column("entry_id", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("near_sha256", sa.String(length=64), nullable=False),
        sa.Column("near", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_firm_hit_firm_id_firm")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm_hit")),
        sa.UniqueConstraint("firm_id", "near_sha256", name=op.f("uq_firm_hit_firm_id")),
    )
    with op.batch_alter_table("firm_hit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_firm_hit_firm_id"), ["firm_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_firm_hit_state"), ["state"], unique=False)

    op.create_table(
        "screening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("firm_id", sa.String(length=200), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("lists", sa.JSON(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_screening_firm_id_firm")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
    )
    with op.batch_alter_table("screening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_screening_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_screening_firm_id"), ["firm_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_screening_version"), ["version"], unique=False)

    op.create_table(
        "clearance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hit_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["firm_hit.id"], name=op.f("fk_clearance_hit_id_firm_hit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance")),
    )
    with op.batch_alter_table("clearance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clearance_hit_id"), ["hit_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("clearance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clearance_hit_id"))

    op.drop_table("clearance")
    with op.batch_alter_table("screening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_screening_version"))
        batch_op.drop_index(batch_op.f("ix_screening_firm_id"))
        batch_op.drop_index(batch_op.f("ix_screening_asked_at"))

    op.drop_table("screening")
    with op.batch_alter_table("firm_hit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_firm_hit_state"))
        batch_op.drop_index(batch_op.f("ix_firm_hit_firm_id"))

    op.drop_table("firm_hit")
    with op.batch_alter_table("list_release", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_list_release_list_id"))
        batch_op.drop_index(batch_op.f("ix_list_release_current"))

    op.drop_table("list_release")
