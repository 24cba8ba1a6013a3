"""Callers of each role for tests, as accounts would make them."""

from __future__ import annotations

from app.access import Caller
from app.permissions import Role

TRADE_OFFICER = Caller("A. Officer", Role.TRADE_OFFICER)
ADMINISTRATOR = Caller("An administrator", Role.ADMINISTRATOR)
REVIEWER = Caller("A. Reviewer", Role.COMPLIANCE_REVIEWER)
OF_ALPHA = Caller("officer@alpha.example", Role.ASSOCIATION_OFFICER, "alpha")
OF_BETA = Caller("officer@beta.example", Role.ASSOCIATION_OFFICER, "beta")
