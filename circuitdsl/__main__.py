"""`python -m circuitdsl`: the command line."""

from circuitdsl.cli import main

main()
