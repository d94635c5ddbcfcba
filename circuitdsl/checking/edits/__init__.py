"""Edit scripts: verbs and what they act on, scores, fits."""
