"""Connections: their ends, their attributes, and the geometry between layers."""
