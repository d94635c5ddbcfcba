"""Source texts, places in them, what is said of them, and files that are written whole."""
