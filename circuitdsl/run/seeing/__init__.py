"""Verbs that show: circuits, units, weights, and the pages made of them."""
