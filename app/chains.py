"""Chains of a mineral over the firms on file, each with the pathway of its sites; and what is held of minerals."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from app import access
from app.errors import Invalid
from app.knowledge import Knowledge
from app.library import library
from app.permissions import Permission
from matching.chains import Chain, chains
from matching.pathway import Pathway, trace_pathway
from matching.profile import Exposure
from matching.ranking import Party
from matching.transfer import technology_of, transfer_facts


def minerals(caller: access.Caller, knowledge: Knowledge) -> list[dict[str, Any]]:
    """The minerals held: their forms, and how many handlings of each are on record."""
    access.require(caller, Permission.READ_REFERENCE)
    return [
        {
            "id": mineral.id,
            "name": mineral.name,
            "name_fr": mineral.name_fr,
            "why": mineral.why,
            "forms": [form.form for form in mineral.forms],
            "handlings": len(mineral.handlings),
        }
        for mineral in library(knowledge).minerals.values()
    ]


def compose_chains(
    session: Session,
    caller: access.Caller,
    mineral: str,
    knowledge: Knowledge,
    on: date,
    *,
    to: str | None = None,
    limit: int = 3,
) -> dict[str, Any]:
    """The best chains of a mineral by each model, to one form or to the last ones, with the pathway of their sites.

    Raises NotFound for a mineral and Invalid for a form that is not held.
    """
    access.require(caller, Permission.MANAGE_PROJECTS)
    held = library(knowledge).mineral(mineral)
    forms = [form.form for form in held.forms]
    if to is not None and to not in forms:
        raise Invalid(f"no form {to!r} of {held.name} is held", hint=f"the forms are {', '.join(forms)}")
    visible = session.scalars(access.visible_firms(caller))
    firms = {firm.id: Party(firm.id, firm.name, firm.country) for firm in visible}
    found = chains(held, firms, ends=(to,) if to else (), limit=limit)
    return {
        "mineral": {"id": held.id, "name": held.name, "name_fr": held.name_fr, "why": held.why, "as_of": held.as_of},
        "chains": [_told(chain, knowledge, on) for chain in found],
        "notes": [
            "Handlings are public facts of their dates; what is inferred, planned or only demonstrated says so.",
            "A gap is a step that no firm on file does; it is no proof that nobody does it.",
        ],
    }


def _told(chain: Chain, knowledge: Knowledge, on: date) -> dict[str, Any]:
    document: dict[str, Any] = _CHAIN.dump_python(chain, mode="json")
    pathway = _pathway(chain, knowledge, on)
    told = None if pathway is None else _PATHWAY.dump_python(pathway, mode="json", by_alias=True)
    return document | {"route": list(chain.route), "pathway": told}


def _pathway(chain: Chain, knowledge: Knowledge, on: date) -> Pathway | None:
    """What bites on the way of the goods through the sites; None where no border is crossed."""
    if len(chain.route) < 2:
        return None
    facts = transfer_facts(
        technology_of((), Exposure()), arms=False, market=chain.route[-1], on=on, through=chain.route[:-1]
    )
    return trace_pathway(facts, knowledge.rulebook)


_CHAIN = TypeAdapter(Chain)
_PATHWAY = TypeAdapter(Pathway)
