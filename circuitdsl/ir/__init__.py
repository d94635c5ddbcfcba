"""The meaning of a circuit: backbones, expressions, families, connections."""
