"""Verbs that hold hand-written families against trained units."""
