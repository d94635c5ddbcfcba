"""What verbs open before they begin: inputs, engines, kept programs."""
