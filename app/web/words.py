"""The words of the pages for what the engine names by code: verdicts, modes, signals, outcomes, reasons, problems.

Marked for translation with ``N_``; the templates put them into the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.permissions import Permission


def N_(message: str) -> str:  # noqa: N802  (gettext's own name)
    """Mark a message for translation and leave it as it is."""
    return message


NAVIGATION: tuple[tuple[str, str, Permission | None], ...] = (
    ("/ask", N_("Ask"), Permission.REQUEST_MATCHES),
    ("/asks", N_("Your asks"), Permission.REQUEST_MATCHES),
    ("/submissions", N_("Members' sheets"), Permission.SUBMIT_FIRMS),
    ("/firms", N_("Firms"), Permission.READ_FIRMS),
    ("/markets", N_("Markets"), Permission.READ_REFERENCE),
    ("/landscape", N_("Landscape"), Permission.READ_FIRMS),
    ("/review/hits", N_("Near names"), Permission.REVIEW_HITS),
    ("/learn/reading", N_("How to read a match"), None),
    ("/learn/glossary", N_("Glossary"), None),
)
"""Address and name of the pages in the bar, and the permission without which the page would be refused."""

ACCOUNT_ROLES: Mapping[str, str] = {
    "association_officer": N_("Association officer"),
    "trade_officer": N_("Trade officer"),
    "delegation_lead": N_("Delegation lead"),
    "compliance_reviewer": N_("Compliance reviewer"),
    "administrator": N_("Administrator"),
}

VERDICTS: Mapping[str, tuple[str, str]] = {
    "open": (N_("No requirement found"), N_("No requirement was found in the rules held. This is not a clearance.")),
    "general": (N_("General authorisation"), N_("A general authorisation is named, with its conditions.")),
    "permit": (N_("Permit needed"), N_("At least one individual permit or approval has to be obtained.")),
    "undetermined": (
        N_("Cannot be told yet"),
        N_("Facts are missing. The questions below say which answers would settle it."),
    ),
    "exceptional": (N_("Barred, save by exception"), N_("A rule bars it unless an exception is made.")),
    "prohibited": (N_("Prohibited"), N_("A rule held prohibits it.")),
}
"""Short word and sentence of each verdict."""

OUTCOMES: Mapping[str, str] = {
    "INFO": N_("For information"),
    "GENERAL": N_("General authorisation"),
    "REQUIRED": N_("Duty"),
    "PERMIT": N_("Permit"),
    "PERMIT_HARD": N_("Permit, seldom given"),
    "REVIEW": N_("Needs review"),
    "BLOCK_UNLESS": N_("Barred, save by exception"),
    "BLOCK": N_("Barred"),
}

MODES: Mapping[str, str] = {
    "research partnership": N_("Research partnership"),
    "co-development": N_("Co-development"),
    "subsystem supply": N_("Subsystem supply"),
    "co-production": N_("Co-production"),
    "licensed production": N_("Licensed production"),
    "processing or offtake": N_("Processing or offtake"),
    "MRO": N_("Maintenance, repair and overhaul"),
    "exploration": N_("Exploration"),
}

SIGNALS: Mapping[str, str] = {
    "capability_meets_need": N_("Capability meets need"),
    "terms_shared": N_("Terms shared"),
    "several_offers_meet_need": N_("Several offers meet need"),
    "kind_of_goods_close": N_("Kind of goods close"),
    "need_met_in_return": N_("Need met in return"),
    "sectors_close": N_("Sectors close"),
    "feeds_value_chain": N_("One value chain"),
    "readiness_complements": N_("Readiness complements"),
    "makes_in_quantity": N_("Makes in quantity"),
    "works_broadly": N_("Works broadly"),
    "track_record": N_("Track record"),
    "site_suits": N_("Site suits"),
    "certificate_held": N_("Certificate held"),
    "market_seeks_it": N_("Market seeks it"),
    "market_known": N_("Market known"),
}

SIGNALS_SAY: Mapping[str, str] = {
    "capability_meets_need": N_("What the manufacturer makes is close in meaning to what the innovator needs made."),
    "terms_shared": N_("The two firms' statements share uncommon words, materials, standards or figures."),
    "several_offers_meet_need": N_(
        "Not one but several things that the manufacturer makes are close to what the innovator needs made."
    ),
    "kind_of_goods_close": N_("What the manufacturer makes is of the kind of goods that the innovator needs made."),
    "need_met_in_return": N_("The innovator offers what the manufacturer says it seeks."),
    "sectors_close": N_("The two firms work in the same sectors, or in sectors that feed one another."),
    "feeds_value_chain": N_("What one firm makes goes into what the other makes."),
    "readiness_complements": N_("Technology not yet in production meets a maker already able to produce."),
    "makes_in_quantity": N_("The manufacturer has works, a producing role, and a size or output on record."),
    "works_broadly": N_("The manufacturer works in several sectors."),
    "track_record": N_("The manufacturer has orders abroad, a range of products, and its start-up years behind it."),
    "site_suits": N_("The manufacturer has a yard or refinery on record where the work needs one."),
    "certificate_held": N_("The manufacturer has a quality, airworthiness or production certificate on record."),
    "market_seeks_it": N_("The market has said that it seeks what the two firms make."),
    "market_known": N_("One of the firms has already sold to the market, or to its region."),
}

OUTCOMES_OF_MATCH: Mapping[str, str] = {
    "introduced": N_("Introduced"),
    "met": N_("Met"),
    "agreement": N_("Agreement"),
    "declined": N_("Declined"),
}

REASONS: Mapping[str, str] = {
    "too_early": N_("Too early: the technology is not ready"),
    "no_capacity": N_("No capacity at the maker"),
    "wrong_product": N_("Not the right product"),
    "competitor": N_("The two are competitors"),
    "export_control": N_("Export control stands in the way"),
    "ownership": N_("Ownership stands in the way"),
    "already_partners": N_("They work together already"),
    "commercial_terms": N_("Commercial terms"),
    "not_interested": N_("One side is not interested"),
    "other": N_("Another reason, told in the note"),
}

ROLES: Mapping[str, str] = {
    "innovator": N_("innovator"),
    "manufacturer": N_("manufacturer"),
    "integrator": N_("integrator"),
    "processor": N_("processor"),
    "mro": N_("maintenance and overhaul"),
    "miner": N_("miner"),
    "explorer": N_("explorer"),
    "shipyard": N_("shipyard"),
}

SITES: Mapping[str, str] = {
    "lab": N_("laboratory"),
    "mine": N_("mine"),
    "office": N_("office"),
    "plant": N_("plant"),
    "refinery": N_("refinery"),
    "shipyard": N_("shipyard"),
    "test_range": N_("test range"),
}

OWNERSHIPS: Mapping[str, str] = {
    "private": N_("private"),
    "listed": N_("listed on an exchange"),
    "startup": N_("start-up"),
    "subsidiary": N_("subsidiary"),
    "crown": N_("Crown corporation"),
    "dpsu": N_("defence public-sector undertaking"),
}

COUNTRIES: Mapping[str, str] = {"CAN": N_("Canada"), "IND": N_("India"), "USA": N_("United States")}

BASES: Mapping[str, str] = {
    "stated": N_("stated"),
    "inferred": N_("inferred by the service"),
    "estimated": N_("estimated"),
    "reported": N_("reported"),
    "computed": N_("computed"),
}

VERSIONS: Mapping[str, str] = {
    "rulebook": N_("the rulebook"),
    "taxonomy": N_("the sector taxonomy"),
    "hints": N_("the sectors' usual control-list entries"),
    "markets": N_("the markets and their demands"),
    "encoder": N_("the encoder"),
    "profiles": N_("the firms' profiles"),
    "weights_version": N_("the table of weights in use"),
    "watchlists": N_("the denied-party lists"),
}

STATES_OF_HIT: Mapping[str, str] = {
    "open": N_("Open"),
    "proposed": N_("Release proposed by one person"),
    "released": N_("Released"),
    "confirmed": N_("Confirmed"),
    "gone": N_("Gone"),
}

STEPS = (N_("1 to 3"), N_("4 to 6"), N_("7 and 8"), N_("9 and 10"), N_("not known"))
"""The steps of readiness in the landscape."""

SETS: Mapping[str, str] = {
    "ventures": N_("Which Indian manufacturer did a foreign technology owner really choose?"),
    "ventures-extra": N_("The same, for further ventures"),
    "sbir": N_("Which projects answered the same call for research?"),
    "industry": N_("Which Indian firms are relevant to a Canadian one?"),
    "cranfield": N_("Which aeronautics papers answer a question?"),
    "fr-en-law": N_("Which English provision is that of the French one?"),
}
"""What each set of judgements asks."""

PROBLEMS: Mapping[int, tuple[str, str]] = {
    403: (
        N_("This is not open to your account"),
        N_("If you need it for your work, ask your administrator for the role that has it."),
    ),
    404: (
        N_("There is no such page or record"),
        N_("It may have moved, been withdrawn, or never been here. What you may not see is answered in the same way."),
    ),
    405: (N_("This address does not take that"), N_("Go back and use the buttons of the page.")),
    409: (
        N_("This has changed in the meantime"),
        N_("Nothing was saved. Go back, load the page anew and look at what stands there now."),
    ),
    413: (N_("That is more than can be taken"), N_("Nothing was saved. Send less at once, or send it as a file.")),
    422: (N_("Something in this does not fit"), N_("Nothing was saved. Go back; what you typed is still there.")),
    500: (
        N_("Something went wrong on our side"),
        N_("It has been logged. Nothing was saved by halves; you can try again."),
    ),
    503: (N_("The service is not ready"), N_("Something it needs is missing or busy. Try again in a moment.")),
}
"""Title and advice for each kind of problem."""
