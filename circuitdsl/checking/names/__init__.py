"""Names: files that import each other, scopes, layers, units, and expressions evaluated in them."""
