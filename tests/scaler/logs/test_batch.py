"""Lines in the words of the API."""

import json

from scaler.logs.batch import Batch
from scaler.logs.line import Line, Source
from tests.scaler.logs.made import at, line


def test_for_people_a_line_is_behind_its_pod_and_container() -> None:
    assert Batch([line(1, "one"), line(2, "two")]).text == b"web-1 app: one\nweb-1 app: two\n"


def test_those_of_a_local_process_stand_for_themselves() -> None:
    batch = Batch([Line(at(1), Source(), "drüben \udcff")])
    assert batch.text == "drüben ?\n".encode()
    assert json.loads(batch.ndjson) == {"at": at(1), "line": "drüben \udcff"}


def test_for_programs_it_is_json_whatever_it_says() -> None:
    said = '"quoted" \\ \x00 \u2028 <b>'
    assert json.loads(Batch([line(1, said)]).ndjson) == {"at": at(1), "pod": "web-1", "container": "app", "line": said}
    assert Batch([line(1, said), line(2)]).ndjson.count(b"\n") == 2
