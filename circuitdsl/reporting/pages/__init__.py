"""Pages: one self-contained file each, that asks for nothing."""
