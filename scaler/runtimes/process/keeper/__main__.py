"""The door of the keeper process. Isolated Python finds only the standard library, so the package is added."""

import sys
from importlib import import_module

# Last, so that no file beside this package can stand in for a module of the standard library.
sys.path.append(__file__.rpartition("/keeper/")[0])
import_module("keeper.loop").main(int(sys.argv[1]), sys.argv[2])
