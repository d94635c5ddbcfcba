"""Values of expressions: their kinds, how they combine, and the arguments of calls."""
