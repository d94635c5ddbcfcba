"""What users call, by name and path: from the command line, a notebook or a program."""
