"""Edit scripts: what a file does to a trained network."""
