"""Text and tree: reading `.circ` files, their nodes, and their one canonical form."""
