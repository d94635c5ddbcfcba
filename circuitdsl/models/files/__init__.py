"""Weight files: found, fetched, read and written."""
