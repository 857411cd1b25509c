"""The file that says everything answers."""

import json
import os
from pathlib import Path

from torpor.cli.ready import remove_ready, write_ready
from torpor.words import Address


def test_it_holds_the_addresses_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    write_ready(file, Address("127.0.0.1", 1), Address("::1", 2))
    assert json.loads(file.read_text()) == {"listen": "127.0.0.1:1", "api": "[::1]:2", "pid": os.getpid()}
    assert list(tmp_path.iterdir()) == [file]
    write_ready(file, Address("127.0.0.1", 1), Address("::1", 2), Address("::1", 3))
    assert json.loads(file.read_text())["tls"] == "[::1]:3"
    remove_ready(file)
    remove_ready(file)
    assert not file.exists()
