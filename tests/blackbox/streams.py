"""Bodies too big to keep: made while they are sent, hashed while they are read."""

import hashlib

PIECE = bytes(range(256)) * 1024


class Stream:
    """A file of so many bytes, as http.client reads one; `digest` is of what was read so far."""

    def __init__(self, size: int) -> None:
        self._rest = size
        self.digest = hashlib.sha256()

    def read(self, most: int = -1) -> bytes:
        """The next piece."""
        size = min(self._rest, len(PIECE), most if most >= 0 else len(PIECE))
        self._rest -= size
        piece = PIECE[:size]
        self.digest.update(piece)
        return piece
