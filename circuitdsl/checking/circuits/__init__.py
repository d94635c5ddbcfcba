"""Whole circuits: declarations put together, copies of circuits, warnings."""
