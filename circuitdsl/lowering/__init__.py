"""From a circuit to the arrays of a network: sampled kernels, their dials and their origins."""
