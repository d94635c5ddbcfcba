"""Feature visualisation: pictures that excite what is asked for, found by climbing."""
