"""What the language has by name: shapes, profiles, measures, generators; a row each."""
