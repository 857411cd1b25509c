"""`python -m torpor` is the command line."""

from torpor.cli import main

main()
