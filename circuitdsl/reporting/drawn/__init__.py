"""What is drawn: figures, sheets, the picture of a circuit."""
