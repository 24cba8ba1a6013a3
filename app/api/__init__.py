"""The JSON doors under /api/v1: parse, call, return."""
