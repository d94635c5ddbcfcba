"""Agreement on photographs, of any families with any units; and its controls."""
