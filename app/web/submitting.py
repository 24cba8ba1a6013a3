"""The association officer's pages: send a sheet or paste one, see what would happen, accept, mend the rest."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from app import submissions
from app.api.submissions import FILE_LIMIT, Workbook
from app.candidates import embed_quietly
from app.errors import AppError, Invalid
from app.submissions import Acceptance, Means, Upload
from app.web.pages import FieldsDep, Visit, VisitDep, see

router = APIRouter(prefix="/{locale:lang}/submissions", include_in_schema=False, max_body_size=FILE_LIMIT)

SHOWN = 20
"""Problems on the screen; all of them are in the workbook that goes back."""


async def _sheet(request: Request) -> tuple[str, bytes]:
    """Name and bytes of what was sent: the file, or else what was pasted."""
    async with request.form(max_part_size=FILE_LIMIT) as form:
        file = form.get("file")
        if isinstance(file, UploadFile) and file.filename:
            return file.filename, await file.read()
        return "pasted.tsv", str(form.get("pasted") or "").encode()


SheetDep = Annotated[tuple[str, bytes], Depends(_sheet)]


@router.get("")
def list_submissions(visit: VisitDep) -> Response:
    """The submissions of one's association, and the form to send another."""
    return _list_page(visit)


@router.post("")
def check(visit: VisitDep, sheet: SheetDep) -> Response:
    """Check a sheet; nothing on file is touched. What cannot be read is said on the same page."""
    name, content = sheet
    try:
        found = submissions.check(
            visit.session, visit.caller, Upload(content, name, _association(visit)), _means(visit), visit.at
        )
    except Invalid as problem:
        return _list_page(visit, problem)
    return see(f"{visit.base}/submissions/{found.id}")


@router.get("/form")
def blank_form(visit: VisitDep) -> Response:
    """The blank form for members as a workbook."""
    return _workbook(submissions.form(visit.caller, visit.house.knowledge.taxonomy), "triveni-form.xlsx")


@router.get("/{submission_id}")
def read_submission(visit: VisitDep, submission_id: str) -> Response:
    """What would change, and what is wrong where."""
    found = submissions.read(visit.session, visit.caller, submission_id)
    return visit.page("submission.html", found=submissions.document(visit.session, found), most=SHOWN)


@router.get("/{submission_id}/returned")
def returned(visit: VisitDep, submission_id: str) -> Response:
    """The rows that need work, each with what to mend."""
    return _workbook(submissions.returned(visit.session, visit.caller, submission_id), "triveni-to-mend.xlsx")


@router.post("/{submission_id}/acceptance")
def accept(visit: VisitDep, submission_id: str, form: FieldsDep, after: BackgroundTasks) -> Response:
    """Take the rows that are ready onto file, all or none; they are embedded once this is answered."""
    after.add_task(embed_quietly, visit.house.sessions, visit.house.knowledge)
    acceptance = Acceptance(publish="publish" in form, withdraw_missing="withdraw_missing" in form)
    submissions.accept(visit.session, visit.caller, submission_id, acceptance, _means(visit), visit.at)
    return see(f"{visit.base}/submissions/{submission_id}")


def _means(visit: Visit) -> Means:
    return Means(visit.house.knowledge.taxonomy, visit.house.lists)


def _association(visit: Visit) -> str:
    """The association that the reader answers for; of somebody who answers for none, a name that none has."""
    return visit.caller.association or "none"


def _list_page(visit: Visit, problem: AppError | None = None) -> Response:
    lines = submissions.list_submissions(visit.session, visit.caller, _association(visit))
    return visit.page("submissions.html", status=422 if problem else 200, lines=lines, problem=problem)


def _workbook(content: bytes, name: str) -> Response:
    return Workbook(content, headers={"Content-Disposition": f'attachment; filename="{name}"'})
