"""What people read: tables, figures, JSON files."""
