"""Trained networks: their modules, their weight files, and where those are found."""
