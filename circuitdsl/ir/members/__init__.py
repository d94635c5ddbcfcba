"""The members of families: their axes, their places, and what turning does to them."""
