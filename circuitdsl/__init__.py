"""Write a vision network's circuits as text, compile them to JAX, compare with real neurons."""

__version__ = "0.1.0"
