"""What a circuit means, executed literally: NumPy, float64, no compilation, no cleverness.

In: a checked `Circuit`. Out: its weights (`interpret_weights`) and the responses of its families to
one image (`interpret`). This is the definition of the language in executable form: `kernels` says
what a connection's weights are, `responses` what a family does with them. It shares no code with
the compiler, which is tested against it over one table of programs.
"""

from circuitdsl.reference.kernels import interpret_weights
from circuitdsl.reference.responses import interpret

__all__ = ["interpret", "interpret_weights"]
