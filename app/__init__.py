"""The house around the engine: it remembers, guards and shows."""
