"""submissions"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "column_mapping",
        sa.Column("association_id", sa.String(length=100), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["association_id"], ["association.id"], name=op.f("fk_column_mapping_association_id_association")
        ),
        sa.PrimaryKeyConstraint("association_id", name=op.f("pk_column_mapping")),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("association_id", sa.String(length=100), nullable=False),
        sa.Column("file_name", sa.String(length=300), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("recognised", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("lists", sa.JSON(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_by", sa.String(length=200), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["association_id"], ["association.id"], name=op.f("fk_submission_association_id_association")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_association_id"), ["association_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_checked_at"), ["checked_at"], unique=False)

    op.create_table(
        "firm_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.String(length=200), nullable=False),
        sa.Column("merged_id", sa.String(length=200), nullable=False),
        sa.Column("state_before", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.String(length=200), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["firm.id"], name=op.f("fk_firm_merge_kept_id_firm")),
        sa.ForeignKeyConstraint(["merged_id"], ["firm.id"], name=op.f("fk_firm_merge_merged_id_firm")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm_merge")),
    )
    with op.batch_alter_table("firm_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_firm_merge_kept_id"), ["kept_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_firm_merge_merged_id"), ["merged_id"], unique=False)

    op.create_table(
        "submission_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("sheet", sa.String(length=300), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("firm_id", sa.String(length=200), nullable=True),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("duplicates", sa.JSON(), nullable=False),
        sa.Column("hits", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_submission_row_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_row")),
    )
    with op.batch_alter_table("submission_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_row_firm_id"), ["firm_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_row_outcome"), ["outcome"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_row_submission_id"), ["submission_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("submission_row", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_row_submission_id"))
        batch_op.drop_index(batch_op.f("ix_submission_row_outcome"))
        batch_op.drop_index(batch_op.f("ix_submission_row_firm_id"))

    op.drop_table("submission_row")
    with op.batch_alter_table("firm_merge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_firm_merge_merged_id"))
        batch_op.drop_index(batch_op.f("ix_firm_merge_kept_id"))

    op.drop_table("firm_merge")
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_checked_at"))
        batch_op.drop_index(batch_op.f("ix_submission_association_id"))

    op.drop_table("submission")
    op.drop_table("column_mapping")
