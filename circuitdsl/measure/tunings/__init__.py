"""Tuning: how units answer drawn stimuli of every angle, size and kind."""
