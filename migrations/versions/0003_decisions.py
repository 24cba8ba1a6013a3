"""decisions and learned weights"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "learned_weights",
        sa.Column("version", sa.String(length=30), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("learned", sa.JSON(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("learned_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_learned_weights")),
        sa.UniqueConstraint("sha256", name=op.f("uq_learned_weights_sha256")),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=True),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'declined') = (reason IS NOT NULL)", name=op.f("ck_decision_reason_of_declined")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["match_run.id"], name=op.f("fk_decision_run_id_match_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_run_id"), ["run_id"], unique=False)

    op.create_table(
        "weights_switch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=30), nullable=True),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("switched_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["learned_weights.version"], name=op.f("fk_weights_switch_version_learned_weights")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weights_switch")),
    )


def downgrade() -> None:
    op.drop_table("weights_switch")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_run_id"))

    op.drop_table("decision")
    op.drop_table("learned_weights")
