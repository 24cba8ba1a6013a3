"""Who may do what: the roles, the permissions, and the one table that joins them.

A door never asks for a role. The function of a noun module that does a job begins with
``access.require(caller, Permission.…)``, so that the web, the API and the command line are held to the same.
To guard a new job, add a permission here, give it to the roles that need it, and add the rows of its routes to
``tests/contracts/access.yaml``: a permission that no role holds is the administrator's alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What an account is for; each account has one."""

    ASSOCIATION_OFFICER = "association_officer"
    TRADE_OFFICER = "trade_officer"
    DELEGATION_LEAD = "delegation_lead"
    COMPLIANCE_REVIEWER = "compliance_reviewer"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """One thing that may be done. A key may be narrowed to some of its account's permissions: these are its scopes."""

    READ_REFERENCE = "read_reference"
    """Markets, sectors, signals, weights, rules, glossary."""
    READ_FIRMS = "read_firms"
    """The released records of published firms; one's own association's firms whole and in any state."""
    REQUEST_MATCHES = "request_matches"
    """Ask, read and replay one's own runs, ask what a change would do."""
    READ_ALL_RUNS = "read_all_runs"
    """Runs that others asked for; each is released anew for whoever reads it."""
    DECIDE_MATCHES = "decide_matches"
    """Record what came of a match."""
    LEARN_WEIGHTS = "learn_weights"
    """Learn weights from decisions, and switch them on or back."""
    SUBMIT_FIRMS = "submit_firms"
    """Check and accept submissions of one's own association; publish, withdraw and erase its firms."""
    DECLARE_CLASSIFICATIONS = "declare_classifications"
    """A person's word that goods fall under a control entry: an association's of its own firms."""
    ANSWER_FOR_ALL_FIRMS = "answer_for_all_firms"
    """The same for firms of every association: only for the operator's own emergencies, such as an erasure."""
    ANSWER_INTRODUCTIONS = "answer_introductions"
    """Accept, decline or question an introduction for a firm of one's own association."""
    PROPOSE_INTRODUCTIONS = "propose_introductions"
    GRANT_RESTRICTED = "grant_restricted"
    """Let an account read the restricted fields of a firm of one's own association until a day."""
    MANAGE_PROJECTS = "manage_projects"
    """Projects, challenges and the chains composed for them."""
    MANAGE_DELEGATIONS = "manage_delegations"
    """Shortlists, delegations, programmes, briefings."""
    SCREEN_NAMES = "screen_names"
    """Compare a name with the denied-party lists held."""
    REVIEW_HITS = "review_hits"
    """Read the queue of near names and decide on them."""
    REVIEW_BROKERING = "review_brokering"
    RELEASE_LISTS = "release_lists"
    """Take in a newer release of a denied-party list."""
    MANAGE_WEBHOOKS = "manage_webhooks"
    READ_AUDIT = "read_audit"
    MANAGE_ACCOUNTS = "manage_accounts"
    """Accounts, their roles, sessions and keys."""


_EVERYONE = frozenset({Permission.READ_REFERENCE, Permission.READ_FIRMS})

_MATCHING = _EVERYONE | {
    Permission.REQUEST_MATCHES,
    Permission.DECIDE_MATCHES,
    Permission.PROPOSE_INTRODUCTIONS,
    Permission.MANAGE_PROJECTS,
    Permission.MANAGE_DELEGATIONS,
}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.ASSOCIATION_OFFICER: _EVERYONE
    | {
        Permission.SUBMIT_FIRMS,
        Permission.DECLARE_CLASSIFICATIONS,
        Permission.ANSWER_INTRODUCTIONS,
        Permission.GRANT_RESTRICTED,
        Permission.MANAGE_WEBHOOKS,
    },
    Role.TRADE_OFFICER: _MATCHING | {Permission.SCREEN_NAMES, Permission.MANAGE_WEBHOOKS},
    Role.DELEGATION_LEAD: _MATCHING,
    Role.COMPLIANCE_REVIEWER: _EVERYONE
    | {
        Permission.READ_ALL_RUNS,
        Permission.DECLARE_CLASSIFICATIONS,
        Permission.SCREEN_NAMES,
        Permission.REVIEW_HITS,
        Permission.REVIEW_BROKERING,
        Permission.RELEASE_LISTS,
        Permission.READ_AUDIT,
    },
    Role.ADMINISTRATOR: frozenset(Permission),
}
"""What each role may do. No permission opens a restricted field: that takes a grant (see ``app.grants``)."""
