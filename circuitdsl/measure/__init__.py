"""Measures: how units of any network respond to images, and how two sets of units compare."""
