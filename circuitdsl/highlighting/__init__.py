"""Grammars of editors, made from the one list of words."""
