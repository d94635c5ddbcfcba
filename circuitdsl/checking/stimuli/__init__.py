"""Stimulus sets: drawn figures, activity of units, photographs."""
