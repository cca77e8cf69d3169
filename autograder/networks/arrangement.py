"""Puts the layers of a network with branches into the order of the expected ones. Both sides.

Which branch of a merge is built first, and in which order its inputs are listed, is no difference between networks. So
the layers that were received are matched with the expected ones from the inputs on, over the best order of every
merge's inputs, and then listed as the expected ones are. A chain of layers has one order only, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations

from autograder.networks.canonical import LayerRow
from autograder.networks.catalogue import layer_class

__all__ = ["arranged", "branches", "like_a_list", "sources_of"]

_MAX_PAIRS = 40_000  # of an expected and a received layer; a larger network stays as it is
_MAX_PERMUTED = 4
_ANOTHER_INPUT = 0.5  # of pairing two inputs of the network that differ, where a missing layer costs 1

Cost = Callable[[LayerRow, LayerRow], float]


def sources_of(rows: Sequence[LayerRow], at: int) -> tuple[int, ...]:
    """The rows whose outputs a row gets, by position; -1, -2, … are the network's inputs."""
    return rows[at].sources or (-1,)


def branches(expected: Sequence[LayerRow], received: Sequence[LayerRow]) -> bool:
    """Whether the received rows may be listed in several orders, and are not too many to look for the best."""
    chain = all(row.sources == (at - 1,) for at, row in enumerate(received))
    return not chain and bool(expected) and len(expected) * len(received) <= _MAX_PAIRS


def arranged(expected: Sequence[LayerRow], received: Sequence[LayerRow], cost: Cost) -> list[LayerRow]:
    """The received rows in the order of the expected ones they are most like.

    Args:
        expected: Rows whose sources are known.
        received: Rows whose sources are known.
        cost: Of pairing two rows, where a missing one costs 1 and an extra one, too.
    """
    if not branches(expected, received):
        return [*received]
    places = _matched(expected, received, cost)
    key: dict[int, float] = {}
    for at in range(len(received)):
        before = max((key[each] for each in sources_of(received, at) if each >= 0), default=-1.0)
        key[at] = float(places[at]) if at in places else before + 0.5
    return _listed(received, lambda at, _: key[at])


def like_a_list(expected: Sequence[LayerRow], received: Sequence[LayerRow], cost: Cost) -> list[LayerRow]:
    """The received rows in an order in which each is, of those that may come next, the most like the expected one.

    Args:
        expected: Rows whose sources are not known.
        received: Rows whose sources are known.
        cost: Of pairing two rows.
    """
    return _listed(received, lambda at, place: cost(expected[min(place, len(expected) - 1)], received[at]))


def _listed(rows: Sequence[LayerRow], key: Callable[[int, int], float]) -> list[LayerRow]:
    """Rows behind those whose outputs they get; of several that may come next, the one of the smallest key.

    Args:
        rows: Rows whose sources are known.
        key: Of a row, by its position, for a place in the new list.
    """
    order: list[int] = []
    lacks = [{each for each in sources_of(rows, at) if each >= 0} for at in range(len(rows))]
    while len(order) < len(rows):
        ready = [at for at in range(len(rows)) if at not in order and not lacks[at]]
        chosen = min(ready, key=lambda at: key(at, len(order)))
        order.append(chosen)
        for each in lacks:
            each.discard(chosen)
    moved = {old: new for new, old in enumerate(order)}
    return [replace(rows[old], sources=tuple(moved.get(each, each) for each in sources_of(rows, old))) for old in order]


def _matched(expected: Sequence[LayerRow], received: Sequence[LayerRow], cost: Cost) -> dict[int, int]:
    """Received → expected position, for those that are matched on the way back from the outputs."""
    best: dict[tuple[int, int], tuple[float, list[tuple[int, int]], bool]] = {}

    def known(i: int, j: int) -> float:
        if i < 0 and j < 0:
            return 0.0 if i == j else _ANOTHER_INPUT
        return best[i, j][0]

    def paired(i: int, j: int) -> tuple[float, list[tuple[int, int]]]:
        """The cost of the inputs of two rows, in the best order."""
        wanted, given = sources_of(expected, i), sources_of(received, j)
        orders = [given]
        if layer_class(expected[i].kind).ORDERLESS and len(given) <= _MAX_PERMUTED:
            orders = [*permutations(given)]
        short = abs(len(wanted) - len(given))
        choices = [[*zip(wanted, order, strict=False)] for order in orders]
        return min(((sum(known(*pair) for pair in pairs) + short, pairs) for pairs in choices), key=lambda one: one[0])

    lowest = min(each for rows in (expected, received) for at in range(len(rows)) for each in sources_of(rows, at))
    for i in range(lowest, len(expected)):
        for j in range(lowest, len(received)):
            if i < 0 and j < 0:
                continue
            choices = []
            if i >= 0 and j >= 0:
                own = cost(expected[i], received[j])
                if own < float("inf"):
                    rest, pairs = paired(i, j)
                    choices.append((own + rest, pairs, True))
            if i >= 0:
                source = min(sources_of(expected, i), key=lambda each: known(each, j))
                choices.append((1 + known(source, j), [(source, j)], False))
            if j >= 0:
                source = min(sources_of(received, j), key=lambda each: known(i, each))
                choices.append((1 + known(i, source), [(i, source)], False))
            best[i, j] = min(choices, key=lambda one: one[0])
    matched: dict[int, int] = {}
    waiting = [*zip(_ends(expected), _ends(received), strict=False)]
    seen: set[tuple[int, int]] = set()
    while waiting:
        i, j = pair = waiting.pop(0)
        if pair in seen or (i < 0 and j < 0):
            continue
        seen.add(pair)
        _, pairs, together = best[pair]
        if together and j not in matched and i not in matched.values():
            matched[j] = i
        waiting += pairs
    return matched


def _ends(rows: Sequence[LayerRow]) -> list[int]:
    """The rows whose outputs no other row gets."""
    used = {each for at in range(len(rows)) for each in sources_of(rows, at)}
    return [at for at in range(len(rows)) if at not in used]
