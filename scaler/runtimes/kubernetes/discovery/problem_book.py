"""All problems, by the object that they are about and by topic: what is mended goes, what is new is told once.

Bounded: of one object, however broken, at most `MOST` are told, and how many more there are.
"""

from collections.abc import Hashable, Iterable, Iterator

from scaler.runtimes.kubernetes.discovery.found import Problem, Reason
from scaler.runtimes.kubernetes.objects.reading import Ref

MOST = 20


class ProblemBook:
    """What is wrong now, and what of it nobody has heard yet."""

    def __init__(self) -> None:
        self._by_object: dict[Ref, dict[Hashable, tuple[Problem, ...]]] = {}
        self._fresh: dict[Problem, None] = {}

    def put(self, about: Ref, topic: Hashable, problems: Iterable[Problem]) -> None:
        """These, and no others, are the object's problems on this topic now."""
        topics = self._by_object.get(about, {})
        before = topics.get(topic, ())
        after = _bounded(list(problems))
        if before == after:
            return
        for problem in before:
            self._fresh.pop(problem, None)
        if after:
            self._by_object.setdefault(about, topics)[topic] = after
            self._fresh.update(dict.fromkeys(problem for problem in after if problem not in before))
        else:
            del topics[topic]
            if not topics:
                self._by_object.pop(about, None)

    def about(self, about: Ref) -> tuple[Problem, ...]:
        """The problems of one object, what is broken first."""
        topics = self._by_object.get(about, {}).values()
        return _bounded(sorted((problem for topic in topics for problem in topic), key=lambda problem: problem.note))

    def __iter__(self) -> Iterator[Problem]:
        for about in self._by_object:
            yield from self.about(about)

    def news(self) -> tuple[Problem, ...]:
        """What has come since this was asked the last time, and is still so; bounded by object as ever."""
        by_object: dict[Ref, list[Problem]] = {}
        for problem in self._fresh:
            by_object.setdefault(problem.about, []).append(problem)
        self._fresh.clear()
        return tuple(problem for problems in by_object.values() for problem in _bounded(problems))


def _bounded(problems: list[Problem]) -> tuple[Problem, ...]:
    if len(problems) <= MOST:
        return tuple(problems)
    told = [problem for problem in problems[: MOST - 1] if problem.reason is not Reason.MORE]
    last = problems[0]
    message = f"and {len(problems) - len(told)} more problems"
    more = Problem(last.about, last.app, Reason.MORE, message, "Mend those above; the rest is told then.")
    return (*told, more)
