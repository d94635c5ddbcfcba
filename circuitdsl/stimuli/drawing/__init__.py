"""Figures, noise and grounds on a canvas, drawn on the device."""
