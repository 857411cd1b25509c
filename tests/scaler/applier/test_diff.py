"""What people see of a dry run."""

from scaler.applier.diff import LONGEST, diff

WEB = {"kind": "Service", "metadata": {"name": "web", "resourceVersion": "7", "managedFields": [1]}, "status": {"a": 1}}


def test_what_the_server_keeps_for_itself_is_no_change() -> None:
    assert diff(WEB, WEB | {"metadata": {"name": "web", "resourceVersion": "8"}, "status": {}}) == ""


def test_a_new_object_and_a_change_are_shown_as_yaml() -> None:
    assert "+kind: Service\n" in diff(None, WEB)
    assert "+spec:\n+  type: NodePort\n" in diff(WEB, WEB | {"spec": {"type": "NodePort"}})


def test_what_a_secret_holds_is_not_shown_but_that_it_changes_is() -> None:
    before, after = (
        {"kind": "Secret", "metadata": {}, "data": {"password": word}} for word in ("aGVsbG8=", "d29ybGQ=")
    )
    shown = diff(before, after)
    assert "aGVsbG8=" not in shown
    assert "d29ybGQ=" not in shown
    assert shown.count("password: (hidden") == 2
    assert diff(before, before) == ""


def test_nor_is_the_copy_that_kubectl_keeps_of_it() -> None:
    copy = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": {"password": "aGVsbG8="}}', "about": "it"}
    before = {"kind": "Secret", "metadata": {"annotations": copy}, "data": {"password": "aGVsbG8="}}
    shown = diff(before, before | {"metadata": {"annotations": copy | {"about": "that"}}})
    assert "+    about: that" in shown
    assert "aGVsbG8=" not in shown


def test_a_diff_has_a_bound() -> None:
    shown = diff(None, WEB | {"data": {str(number): "x" * 100 for number in range(2_000)}})
    assert len(shown) < LONGEST + 100
    assert "characters more" in shown
