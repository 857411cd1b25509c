from scaler.runtimes.kubernetes.discovery.found import Problem, Reason
from scaler.runtimes.kubernetes.discovery.problem_book import MOST, ProblemBook
from scaler.runtimes.kubernetes.objects.reading import Ref

WEB = Ref("apps", "v1", "deployments", "Deployment", "shop", "web")


def problem(message: str = "it is wrong", *, note: bool = False) -> Problem:
    return Problem(WEB, "shop/web", Reason.PORT_MISSING, message, "mend it", note)


def test_what_is_mended_goes_by_its_topic() -> None:
    book = ProblemBook()
    book.put(WEB, "a", [problem("one")])
    book.put(WEB, "b", [problem("two")])
    book.put(WEB, "a", [])
    assert [one.message for one in book] == ["two"]
    book.put(WEB, "b", ())
    assert list(book) == []


def test_what_is_broken_is_told_before_what_is_only_worth_knowing() -> None:
    book = ProblemBook()
    book.put(WEB, "a", [problem("note", note=True), problem("broken")])
    assert [one.message for one in book.about(WEB)] == ["broken", "note"]


def test_news_are_told_once_and_not_when_they_are_mended_before() -> None:
    book = ProblemBook()
    book.put(WEB, "a", [problem("one")])
    book.put(WEB, "b", [problem("two")])
    book.put(WEB, "b", [])
    assert [one.message for one in book.news()] == ["one"]
    book.put(WEB, "a", [problem("one"), problem("three")])
    assert [one.message for one in book.news()] == ["three"]
    assert book.news() == ()


def test_of_one_object_only_so_many_are_told_and_how_many_more_there_are() -> None:
    book = ProblemBook()
    for topic in range(5):
        book.put(WEB, topic, [problem(f"{topic} {at}") for at in range(10)])
    told = book.about(WEB)
    assert len(told) == len(book.news()) == MOST
    assert told[-1].reason is Reason.MORE
    assert told[-1].message == "and 31 more problems"
