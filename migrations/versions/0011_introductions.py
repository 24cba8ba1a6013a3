"""introductions and brokering reviews"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "brokering_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("innovator_id", sa.String(length=200), nullable=False),
        sa.Column("manufacturer_id", sa.String(length=200), nullable=False),
        sa.Column("market", sa.String(length=3), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("rulebook", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["innovator_id"], ["firm.id"], name=op.f("fk_brokering_review_innovator_id_firm")),
        sa.ForeignKeyConstraint(
            ["manufacturer_id"], ["firm.id"], name=op.f("fk_brokering_review_manufacturer_id_firm")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brokering_review")),
    )
    with op.batch_alter_table("brokering_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_brokering_review_innovator_id"), ["innovator_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_brokering_review_manufacturer_id"), ["manufacturer_id"], unique=False)

    op.create_table(
        "introduction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("innovator_id", sa.String(length=200), nullable=False),
        sa.Column("manufacturer_id", sa.String(length=200), nullable=False),
        sa.Column("market", sa.String(length=3), nullable=False),
        sa.Column("mode", sa.String(length=60), nullable=False),
        sa.Column("message", sa.String(length=2000), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["innovator_id"], ["firm.id"], name=op.f("fk_introduction_innovator_id_firm")),
        sa.ForeignKeyConstraint(["manufacturer_id"], ["firm.id"], name=op.f("fk_introduction_manufacturer_id_firm")),
        sa.ForeignKeyConstraint(["run_id"], ["match_run.id"], name=op.f("fk_introduction_run_id_match_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introduction")),
    )
    with op.batch_alter_table("introduction", schema=None) as batch_op:
        for column in ("innovator_id", "manufacturer_id", "proposed_by", "run_id", "stage"):
            batch_op.create_index(batch_op.f(f"ix_introduction_{column}"), [column], unique=False)

    op.create_table(
        "introduction_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("introduction_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=True),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=True),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["introduction_id"], ["introduction.id"], name=op.f("fk_introduction_step_introduction_id_introduction")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introduction_step")),
        sa.UniqueConstraint("introduction_id", "number", name=op.f("uq_introduction_step_introduction_id")),
    )
    with op.batch_alter_table("introduction_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_introduction_step_introduction_id"), ["introduction_id"], unique=False)


def downgrade() -> None:
    op.drop_table("introduction_step")
    op.drop_table("introduction")
    op.drop_table("brokering_review")
