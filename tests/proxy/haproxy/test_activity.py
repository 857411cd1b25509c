"""Reading the stick table."""

import pytest

from proxy.haproxy.activity import Row, merge, read

SAID = """# table: activity, type: string, size:204800, used:2
0x5592fb8948b8: key=shop/web use=1 exp=299979 conn_cur=1 http_req_cnt=8
0x7feeb004bb98: key=shop/web~ use=0 exp=100000 conn_cur=0 http_req_cnt=1

"""


def test_each_entry_says_what_is_open_how_many_came_and_when_the_last_did() -> None:
    rows = read(SAID)
    assert rows["shop/web"] == Row(1, 8, pytest.approx(0.021))
    assert rows["shop/web~"] == Row(0, 1, pytest.approx(200.0))


def test_an_empty_table_has_no_entries() -> None:
    assert read("# table: activity, type: string, size:204800, used:0\n\n") == {}


@pytest.mark.parametrize("said", ["", "Permission denied", "Unknown command"])
def test_what_is_no_table_is_no_empty_table(said: str) -> None:
    with pytest.raises(ValueError, match="not the table"):
        read(said)


def test_what_several_processes_have_counted_is_one_table() -> None:
    merged = merge([{"a": Row(1, 5, 3.0), "b": Row(0, 1, 9.0)}, {"a": Row(2, 7, 4.0)}, {}])
    assert merged == {"a": Row(3, 12, 3.0), "b": Row(0, 1, 9.0)}
