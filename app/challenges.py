"""Innovation challenges: a statement matched to respondents of both sides, alone and as pairs."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from app import access
from app.candidates import CandidateCache
from app.errors import Invalid
from app.intake import BRIEF_LIMIT
from app.knowledge import Knowledge
from app.permissions import Permission
from matching.challenges import Pair, Respondent, Responses, requests
from matching.encoder import text_key
from matching.pool import Pool, embedded_text


def answer(
    session: Session, caller: access.Caller, text: str, knowledge: Knowledge, cache: CandidateCache, *, limit: int = 5
) -> dict[str, Any]:
    """Who could answer a challenge: the best of each side, and the best pairs; raises Invalid for an unusable text.

    Only what anyone may read of a firm is weighed.
    """
    access.require(caller, Permission.MANAGE_PROJECTS)
    if not text.strip() or len(text) > BRIEF_LIMIT:
        raise Invalid("the challenge is empty, or too long", hint=f"say it in at most {BRIEF_LIMIT:,} characters")
    candidates = cache.current(session, caller, knowledge)
    sectors = tuple(suggestion.code for suggestion in knowledge.taxonomy.suggest(text))
    asked = requests(text, sectors)
    texts = list(dict.fromkeys(embedded_text(statement) for one in asked for statement in one.profile.statements))
    made = zip(texts, knowledge.encoder.encode(texts), strict=True)
    pool = Pool(asked, knowledge.taxonomy, {text_key(t): (-1, v) for t, v in made}, infer_needs=False, indexed=False)
    found = Responses(pool, candidates.everyone(knowledge.taxonomy), candidates.index, knowledge.taxonomy)
    return {
        "sectors": list(sectors),
        "canadian": _RESPONDENTS.dump_python(found.respondents("CAN", limit), mode="json"),
        "indian": _RESPONDENTS.dump_python(found.respondents("IND", limit), mode="json"),
        "pairs": _PAIRS.dump_python(found.pairs(limit), mode="json"),
    }


_RESPONDENTS = TypeAdapter(tuple[Respondent, ...])
_PAIRS = TypeAdapter(tuple[Pair, ...])
