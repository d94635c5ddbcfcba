"""Changing trained networks: units and edges by name, edits, sweeps, edited weights."""
