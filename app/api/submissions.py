"""Send a file of firms, see what would happen, accept it; duplicates and merges."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Body, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from app import associations, merges, submissions
from app.api.doors import BODY_LIMIT, CallerDep, HouseDep, NowDep, SessionDep
from app.candidates import embed_quietly
from app.mapping import MappingFile
from app.merges import Merged, NearRecord
from app.submissions import Acceptance, Means, SubmissionLine, Upload

FILE_LIMIT = 10_000_000
"""Bytes of an uploaded file."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

files = APIRouter(prefix="/api/v1", tags=["submissions"], max_body_size=FILE_LIMIT)
router = APIRouter(prefix="/api/v1", tags=["submissions"], max_body_size=BODY_LIMIT)

AssociationQuery = Annotated[str, Query(max_length=300, description="Whose firms: name or id of the association.")]


class CheckedSubmission(BaseModel):
    """A submission as it was checked; `problems` are those of rows that are not ready, and touch nothing on file."""

    rows: int
    ready: int
    new: int
    changed: int
    unchanged: int
    problems: list[dict[str, Any]] = Field(
        description="sheet, row, column, value, message, mend (how to correct it), cell."
    )
    left_out: list[dict[str, Any]] = Field(description="what, where, why: rows, columns, sheets and single entries.")
    notes: list[str]
    row_notes: list[dict[str, Any]] = Field(description="Cells that were read otherwise than they are written.")
    changes: list[dict[str, Any]] = Field(description="Fields that would change, each before and after.")
    missing: list[str] = Field(description="Ids of firms on file that the file does not name.")
    duplicates: list[dict[str, Any]]
    hits: list[dict[str, Any]] = Field(description="Near names on the denied-party lists held: questions, not answers.")
    lists: dict[str, str] | None
    columns: list[dict[str, Any]] = Field(description="What each column was taken for, with the score of 100.")
    submission: dict[str, Any]


class Workbook(Response):
    """An XLSX workbook."""

    media_type = XLSX


async def _content(request: Request) -> bytes:
    return await request.body()


@files.post(
    "/submissions",
    status_code=201,
    response_model=CheckedSubmission,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The bytes of the file, whatever its type is called: it is judged by its content.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def check_submission(
    session: SessionDep,
    caller: CallerDep,
    house: HouseDep,
    at: NowDep,
    content: Annotated[bytes, Depends(_content)],
    association: AssociationQuery,
    file_name: Annotated[str, Query(min_length=1, max_length=300)] = "firms",
) -> Any:
    """Check a file of firms (XLSX, XLS, ODS, CSV, JSON lines; a row for each firm). Nothing on file is touched.

    Columns are recognised in English and French; a saved mapping of the association goes before. The answer says what
    would change and what is wrong, cell by cell. The same file sent again is the same submission.
    """
    upload = Upload(content, file_name, association)
    found = submissions.check(session, caller, upload, Means(house.knowledge.taxonomy, house.lists), at)
    return submissions.document(session, found)


@router.get("/submissions")
def list_submissions(session: SessionDep, caller: CallerDep, association: AssociationQuery) -> list[SubmissionLine]:
    """The submissions of an association, the last first."""
    return submissions.list_submissions(session, caller, association)


@router.get("/submissions/{submission_id}", response_model=CheckedSubmission)
def read_submission(submission_id: str, session: SessionDep, caller: CallerDep) -> Any:
    """A submission as it was checked."""
    return submissions.document(session, submissions.read(session, caller, submission_id))


@router.post("/submissions/{submission_id}/acceptance", response_model=CheckedSubmission)
def accept_submission(
    submission_id: str,
    acceptance: Annotated[Acceptance, Body()],
    session: SessionDep,
    caller: CallerDep,
    house: HouseDep,
    at: NowDep,
    after: BackgroundTasks,
) -> Any:
    """Take the rows that are ready onto file, all or none; accepting again does nothing more.

    They can be matched once they are embedded, which begins when this is answered.

    With `publish` the association says that these firms agree to be shown and matched, and that is put on record as
    their consent. A check that has become stale is refused with 409: send the file again.
    """
    means = Means(house.knowledge.taxonomy, house.lists)
    after.add_task(embed_quietly, house.sessions, house.knowledge)
    return submissions.document(session, submissions.accept(session, caller, submission_id, acceptance, means, at))


@router.get("/submissions/{submission_id}/returned", response_class=Workbook)
def returned_rows(submission_id: str, session: SessionDep, caller: CallerDep) -> Response:
    """The rows that need work as a workbook in the sheet's own columns, each with what to mend."""
    return Workbook(submissions.returned(session, caller, submission_id))


@router.get("/submissions-form", response_class=Workbook)
def blank_form(caller: CallerDep, house: HouseDep) -> Response:
    """The blank form for members: English and French, with drop-downs."""
    return Workbook(submissions.form(caller, house.knowledge.taxonomy))


@router.get("/associations/{association}/mapping")
def read_mapping(association: str, session: SessionDep, caller: CallerDep) -> MappingFile:
    """What the association's columns mean, as was last said."""
    return associations.read_mapping(session, caller, association)


@router.put("/associations/{association}/mapping")
def save_mapping(
    association: str, mapping: MappingFile, session: SessionDep, caller: CallerDep, house: HouseDep, at: NowDep
) -> MappingFile:
    """Say what the association's columns mean: header to field, `null` to leave one out, and defaults."""
    return associations.change_mapping(session, caller, association, mapping, house.knowledge.taxonomy, at)


class MergeAsked(BaseModel):
    """Which record is merged into the one of the path, and how it is known that both are of one firm."""

    merged: str = Field(max_length=200)
    reason: str = Field(min_length=1, max_length=500)


@router.get("/firms/{firm_id}/duplicates")
def near_records(firm_id: str, session: SessionDep, caller: CallerDep) -> list[NearRecord]:
    """Records that may be of the same firm, the likest first, with the reasons; a person decides."""
    return merges.near_records(session, caller, firm_id)


@router.get("/firms/{firm_id}/merges")
def list_merges(firm_id: str, session: SessionDep, caller: CallerDep) -> list[Merged]:
    """The merges of a firm, those undone included."""
    return merges.of_firm(session, caller, firm_id)


@router.post("/firms/{firm_id}/merges", status_code=201)
def merge_record(firm_id: str, asked: MergeAsked, session: SessionDep, caller: CallerDep, at: NowDep) -> Merged:
    """Merge another record into this one: the other is archived and can be parted again."""
    return merges.merge(session, caller, firm_id, asked.merged, asked.reason, at)


@router.post("/merges/{merge_id}/undoing")
def undo_merge(merge_id: int, session: SessionDep, caller: CallerDep, at: NowDep) -> Merged:
    """Part two records again: the archived one gets back the state it had."""
    return merges.undo(session, caller, merge_id, at)
