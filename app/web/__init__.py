"""The pages under /en and /fr: parse, call, render."""
