"""Families: axes, identified members, calibration, and what families are expected to do."""
