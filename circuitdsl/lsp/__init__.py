"""The language server: what editors show of a circuit file while it is written."""
