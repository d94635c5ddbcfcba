"""A user's own network, read off its jaxpr into a table of layers.

`program` makes one list of equations out of nested ones, `modules` opens what the user brought,
`reading` follows the images through the equations, `table` makes layers of what was read.
"""
