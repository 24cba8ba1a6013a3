"""The matching engine: profiles in, ranked and explained triads out. No web, no database, no settings, no clock."""
