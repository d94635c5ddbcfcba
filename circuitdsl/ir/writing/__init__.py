"""Circuits as text: as source, as settings, as a screen."""
