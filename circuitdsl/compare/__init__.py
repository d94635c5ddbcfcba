"""Comparison: networks on stimuli, and hand-written units against trained ones."""
