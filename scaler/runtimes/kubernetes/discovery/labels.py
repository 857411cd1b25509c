"""Finding by labels without looking at everything: what a Service selects, and what selects a pod.

Each namespace is by itself. Both look first at the rarest pair, because some pairs are on everything
(`app.kubernetes.io/managed-by: Helm`).
"""

from collections.abc import Hashable, Mapping

type _Pair = tuple[str, str, str]


class ByLabels[T: Hashable]:
    """Things that have labels, found by pairs that they must have."""

    def __init__(self) -> None:
        self._labels: dict[T, tuple[str, Mapping[str, str]]] = {}
        self._having: dict[_Pair, dict[T, None]] = {}

    def put(self, thing: T, namespace: str, labels: Mapping[str, str]) -> None:
        """It has these labels now."""
        self.remove(thing)
        self._labels[thing] = (namespace, labels)
        for key, value in labels.items():
            self._having.setdefault((namespace, key, value), {})[thing] = None

    def remove(self, thing: T) -> None:
        """Forget it."""
        namespace, labels = self._labels.pop(thing, ("", {}))
        for key, value in labels.items():
            having = self._having[namespace, key, value]
            del having[thing]
            if not having:
                del self._having[namespace, key, value]

    def having(self, namespace: str, pairs: Mapping[str, str]) -> list[T]:
        """Those that have all of these pairs; nothing has none."""
        buckets = [self._having.get((namespace, key, value), {}) for key, value in pairs.items()]
        if not buckets:
            return []
        return [thing for thing in min(buckets, key=len) if all(thing in bucket for bucket in buckets)]


class BySelector[T: Hashable]:
    """Things that ask for pairs of labels, found by the labels that something has."""

    def __init__(self) -> None:
        self._asked: dict[T, tuple[_Pair | None, str, Mapping[str, str]]] = {}
        self._under: dict[_Pair, dict[T, None]] = {}
        self._without: dict[str, dict[T, None]] = {}

    def put(self, thing: T, namespace: str, pairs: Mapping[str, str]) -> None:
        """It asks for these pairs now. One that asks for none (only for more than pairs can say) is always found."""
        self.remove(thing)
        places = [(namespace, key, value) for key, value in pairs.items()]
        under = min(places, key=lambda place: len(self._under.get(place, {})), default=None)
        self._asked[thing] = (under, namespace, pairs)
        bucket = self._without.setdefault(namespace, {}) if under is None else self._under.setdefault(under, {})
        bucket[thing] = None

    def remove(self, thing: T) -> None:
        """Forget it."""
        if thing not in self._asked:
            return
        under, namespace, _ = self._asked.pop(thing)
        bucket = self._without[namespace] if under is None else self._under[under]
        del bucket[thing]
        if not bucket and under is not None:
            del self._under[under]
        elif not bucket:
            del self._without[namespace]

    def selecting(self, namespace: str, labels: Mapping[str, str]) -> list[T]:
        """Those whose pairs are all among these labels."""
        found = list(self._without.get(namespace, ()))
        for key, value in labels.items():
            for thing in self._under.get((namespace, key, value), ()):
                pairs = self._asked[thing][2]
                if all(labels.get(asked) == wanted for asked, wanted in pairs.items()):
                    found.append(thing)
        return found
