"""What a terminal shows: tables, findings, progress."""
