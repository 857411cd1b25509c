"""The scaler of one machine as the API sees it."""

from typing import Any

import pytest

from scaler.control import Control
from scaler.errors import NoApplier

NOBODY: Any = None


def test_on_a_machine_nothing_is_applied_and_that_is_no_passing_trouble() -> None:
    with pytest.raises(NoApplier, match="takes a Torpor in a cluster") as caught:
        Control(NOBODY, NOBODY, NOBODY).applies()
    assert not caught.value.passing
