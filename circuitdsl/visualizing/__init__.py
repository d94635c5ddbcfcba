"""The arrays that pictures are made of; drawing is `reporting`'s."""
