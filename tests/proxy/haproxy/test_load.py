"""How full HAProxy says that it is."""

import pytest

from proxy.haproxy.load import Said, read

INFO = "Name: HAProxy\nCurrConns: 9\nIdle_pct: 93\nnode: here\n"
STAT = "# pxname,svname,qcur,qmax,scur,smax,\nvisitors,FRONTEND,,,7,12,\n\n"


def test_connections_and_the_time_that_it_works_are_read() -> None:
    assert read(INFO, STAT) == Said(7, pytest.approx(0.07))  # type: ignore[arg-type] # it is a float that compares


@pytest.mark.parametrize(
    ("info", "stat"),
    [("", STAT), (INFO, ""), (INFO, "# pxname,svname,\nvisitors,FRONTEND,\n"), ("Unknown command", "")],
)
def test_other_words_are_told_as_such(info: str, stat: str) -> None:
    with pytest.raises(ValueError, match="not HAProxy's numbers"):
        read(info, stat)
