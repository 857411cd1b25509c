"""`python -m torpor.cli`, which is how `torpor up` starts its proxy: no script has to be found on a path."""

from torpor.cli import main

main()
