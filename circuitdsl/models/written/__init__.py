"""Hand-written circuits as networks."""
