"""An expected network beside a received one: one mistake shows as one difference. Both sides.

The alignment is the cheapest edit script over the two sequences (Needleman & Wunsch, 1970). Kinds and arguments decide
it; shapes and parameters only break ties, because behind a missing pooling layer all of them are different. By hand,
since difflib aligns what is equal, and here a pair costs as much as its layers differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.language import gettext as _
from autograder.language import ngettext
from autograder.networks.arrangement import arranged, branches, like_a_list, sources_of
from autograder.networks.canonical import LayerRow, Shape, agrees, words
from autograder.networks.catalogue import family, layer_class
from autograder.records import FOLLOWS, LayerDiff
from autograder.wording import listed

__all__ = ["AlignmentStep", "Comparison", "compare", "row_texts", "table"]

_MAX_TABLE_ROWS = 80
_MAX_ROWS_MOVED = 4  # a layer further away from its place counts as missing and extra

_SIZES = {"output_shape", "parameters"}


@dataclass(frozen=True)
class AlignmentStep:
    """One row of the alignment, by position in the two sequences; None where one of them has nothing.

    Attributes:
        differs: What is wrong with the layer itself: `kind`, arguments, `output_shape`, `parameters`, and `sources`
            where it gets what another layer gives than the expected one.
        follows: Whether only shape or parameters differ, because the layers before it do.
        moved: For a missing or extra layer that is only in the wrong place: the step of its other half.
    """

    expected: int | None
    received: int | None
    differs: tuple[str, ...] = ()
    follows: bool = False
    moved: int | None = None

    @property
    def right(self) -> bool:
        """The expected layer is there, and is itself as it should be."""
        return self.expected is not None and self.received is not None and not self.differs


@dataclass(frozen=True)
class Comparison:
    """Two sequences of layers side by side.

    Attributes:
        steps: The alignment; positions ascend, and each appears once.
    """

    expected: Sequence[LayerRow]
    received: Sequence[LayerRow]
    steps: Sequence[AlignmentStep]

    @property
    def equal(self) -> bool:
        """All layers are as expected, and there is none besides."""
        return all(step.right and not step.follows for step in self.steps)

    def rows(self) -> tuple[LayerDiff, ...]:
        """The comparison in words, one row a layer."""
        return tuple(self._row(at) for at in range(len(self.steps)))

    def summary(self, name: str) -> str:
        """What is wrong first in the model `name`, in one line, with one next step; empty if nothing is wrong."""
        if self.equal:
            return ""
        right = sum(step.right for step in self.steps)
        if not self.received:
            return _("`{name}` has no layers, expected {counted}. Add them one by one.").format(
                name=name,
                counted=ngettext("{number} layer", "{number} layers", len(self.expected)).format(
                    number=len(self.expected)
                ),
            )
        if right * 3 < len(self.expected):
            there = ngettext("{number} is there", "{number} are there", right).format(number=right)
            has = ngettext("{number} layer", "{number} layers", len(self.received)).format(number=len(self.received))
            return _("`{name}` has {has}, expected {count}, of which {there}. Compare them from the top.").format(
                name=name, has=has, count=len(self.expected), there=there
            )
        events = self._events()
        first, more = f"`{name}` {self._described(events[0])}", len(events) - 1
        if not more:
            return first
        rest = ngettext("({number} more difference below.)", "({number} more differences below.)", more)
        return f"{first} {rest.format(number=more)}"

    # ------------------------------------------------------------ one row

    def _row(self, at: int) -> LayerDiff:
        step, hint = self.steps[at], self._hint(at)
        if step.received is None:
            return LayerDiff("missing", expected=words(self.expected[step.expected or 0]), hint=hint)
        if step.expected is None:
            return LayerDiff("extra", received=words(self.received[step.received]), hint=hint)
        wanted, given = self._both(step)
        if step.right and not step.follows:
            return LayerDiff("same", words(wanted), words(given))
        sizes = _size_differences(wanted, given)
        differing = step.differs or (sizes if "output_shape" not in sizes else ())
        return LayerDiff("different", words(wanted, differing), words(given, differing), hint)

    def _hint(self, at: int) -> str:
        step = self.steps[at]
        if "sources" not in step.differs:
            return self._own_hint(at)
        hints = [] if _only_connected(step) else [self._own_hint(at)]
        return "; ".join([*hints, self._connection(step)])

    def _own_hint(self, at: int) -> str:
        step = self.steps[at]
        if step.moved is not None:
            return self._order(at, step.moved)
        if step.received is None:
            return _("add this layer")
        if step.expected is None:
            return _("remove this layer")
        if step.follows:
            return FOLLOWS
        wanted, given = self._both(step)
        known = layer_class(wanted.kind)
        if "kind" in step.differs:
            return _("use {title} here").format(title=_title(wanted))
        arguments = [key for key in step.differs if key not in {*_SIZES, "sources"}]
        pairs = {key: (wanted.config.get(key), given.config.get(key)) for key in arguments}
        inner = {
            key: (asked, held)
            for key, (asked, held) in pairs.items()
            if isinstance(asked, LayerRow) and isinstance(held, LayerRow)
        }
        if inner:
            others = [key for key in arguments if key not in inner]
            hints = [_hint_within(*pair) for pair in inner.values()]
            return "; ".join([*hints, _to_check(wanted.kind, others)] if others else hints)
        if not arguments and given.shared:
            return _("use a new layer, not an earlier one again")
        arguments += self._suspects(step, arguments)
        window = given.config.get("kernel_size")
        if arguments == ["strides"] and isinstance(window, tuple) and given.config["strides"] == window:
            # In Keras 1, rows and columns of the window were two numbers.
            return _("check the strides: a third number sets them, so write the window as `{window}`").format(
                window=window
            )
        if arguments:
            return _to_check(wanted.kind, arguments)
        if not step.differs:
            return ""
        likely = next((each for each in known.RESIZING if {*each} <= {*given.config}), ())
        if step.expected == step.received == 0:
            both = [key for key in likely if key not in known.SHAPING and len(step.differs) > 1]
            things = listed([*(_(known.WORDS[key]) for key in both), _("the input shape")])
            return _("check {things}").format(things=things)
        if "output_shape" not in step.differs:
            return _("check the number of parameters")
        things = listed([_(known.WORDS[key]) for key in likely] or [_("the output shape")])
        return _("check {things}").format(things=things)

    def _order(self, here: int, there: int) -> str:
        """Where a moved layer belongs: next to which neighbour that is in its place."""
        missing, extra = (here, there) if self.steps[here].received is None else (there, here)
        between = [
            step.received for step in self.steps[min(here, there) + 1 : max(here, there)] if step.received is not None
        ]
        if not between:
            return _("check the order of the layers")
        moved = self.expected[self.steps[missing].expected or 0]
        neighbour = self.received[between[0] if missing < extra else between[-1]]
        if missing < extra:
            return _("{moved} comes before {neighbour}").format(moved=_short(moved), neighbour=_short(neighbour))
        return _("{moved} comes after {neighbour}").format(moved=_short(moved), neighbour=_short(neighbour))

    def _connection(self, step: AlignmentStep) -> str:
        """What a layer gets that it should not, and what it lacks."""
        wanted, given = _connections(self.expected, self.received, self.steps, step)
        lacks, extra = [*(Counter(wanted) - Counter(given))], [*(Counter(given) - Counter(wanted))]
        twice = [each for each in extra if each in wanted]
        if lacks and extra and not twice:
            return _("it gets {given} in place of {wanted}").format(
                given=self._place(extra[0]), wanted=self._place(lacks[0])
            )
        parts = [
            _("it gets {place} twice").format(place=self._place(each))
            if each in twice
            else _("it gets {place} besides").format(place=self._place(each))
            for each in extra
        ]
        parts += [_("{place} is missing among its inputs").format(place=self._place(each)) for each in lacks]
        return "; ".join(parts) or _("it gets its inputs in another order")

    def _place(self, received: int) -> str:
        """A layer that was received, by the number that it has in the table."""
        if received < 0:
            return (
                _("the network's input")
                if received == -1
                else _("the network's input {number}").format(number=-received)
            )
        numbers = {step.received: step.expected for step in self.steps if step.expected is not None}
        name = _short(self.received[received])
        return (
            _("layer {number} ({name})").format(number=numbers[received] + 1, name=name)
            if received in numbers
            else name
        )

    def _suspects(self, step: AlignmentStep, named: Sequence[str]) -> list[str]:
        """Arguments that are not asked for, and that may be behind sizes that the `named` ones do not explain."""
        wanted, given = self._both(step)
        known, window = layer_class(wanted.kind), "kernel_size"
        sizes: Sequence[str] = self._sizes_besides(step) if named else step.differs
        unasked = [key for key in given.config if key not in {*wanted.config, *named}]
        unusual = [key for key in unasked if key not in given.usual]
        found = [key for key in unusual if key in known.SHAPING and "output_shape" in sizes]
        # Where only the number of parameters of the first layer is wrong, its input may be another one.
        if "output_shape" in sizes and not found:
            if not named:
                return []
            found = [key for key in unasked if key == window]
        elif window in unasked and (named or found or step.expected) and self._has_other_window(step):
            found.append(window)
        return found + [key for key in unusual if key in known.WEIGHING and "parameters" in sizes]

    def _sizes_besides(self, step: AlignmentStep) -> tuple[str, ...]:
        """Sizes that are wrong besides the last axis: other axes, and the parameters for each unit or filter."""
        wanted, given = self._both(step)
        units, others = _last_axis(wanted), _last_axis(given)
        if not (units and others and self._gets_same_input(step)):
            return ()
        cut = [
            replace(
                row, output_shape=(row.output_shape or ())[:-1], parameters=row.parameters and row.parameters * factor
            )
            for row, factor in ((wanted, others), (given, units))
        ]
        return _size_differences(cut[0], cut[1])

    def _has_other_window(self, step: AlignmentStep) -> bool:
        """Whether a convolution has a kernel size that the expected parameters rule out, with bias or without."""
        wanted, given = self._both(step)
        if "groups" not in given.config or "parameters" not in self._sizes_besides(step):
            return False
        units, others = _last_axis(wanted), _last_axis(given)
        weights = (given.parameters or 0) - others * bool(given.config.get("use_bias"))
        return weights * units not in [((wanted.parameters or 0) - units * bias) * others for bias in (0, 1)]

    def _gets_same_input(self, step: AlignmentStep) -> bool:
        """Whether a layer's input is known to be the expected one; that of the first layer counts as such."""
        i, j = step.expected or 0, step.received or 0
        before = [rows[at - 1].output_shape if at else None for rows, at in ((self.expected, i), (self.received, j))]
        return before[0] == before[1] and (i == j == 0 or None not in before)

    def _both(self, step: AlignmentStep) -> tuple[LayerRow, LayerRow]:
        return self.expected[step.expected or 0], self.received[step.received or 0]

    # ------------------------------------------------------------ one line

    def _events(self) -> list[list[int]]:
        """The differences, each as its steps: missing neighbours are one, and so are the two halves of a move."""
        events: list[list[int]] = []
        before = ""
        for at, step in enumerate(self.steps):
            trouble = _trouble(step)
            if trouble == before and trouble in {"missing", "extra"}:
                events[-1].append(at)
            elif trouble and not (step.moved is not None and step.moved < at):
                events.append([at])
            before = trouble
        return events

    def _described(self, event: Sequence[int]) -> str:
        step, hint = self.steps[event[0]], self._hint(event[0])
        done = sum(each.expected is not None for each in self.steps[: event[0]])
        place = (
            _("after layer {done} ({layer})").format(done=done, layer=words(self.expected[done - 1]))
            if done
            else _("before the first layer")
        )
        if step.moved is not None:
            return _("has its layers in another order {place}: {hint}. Swap them.").format(place=place, hint=hint)
        if step.expected is not None and step.received is not None:
            wanted, given = self._both(step)
            capital = hint[:1].upper() + hint[1:]
            if _only_connected(step):
                return _("layer {number} ({layer}): {hint}. Check what it is called with.").format(
                    number=done + 1, layer=words(given), hint=hint
                )
            return _("layer {number}: expected {wanted}, got {given}. {hint}.").format(
                number=done + 1, wanted=words(wanted, step.differs), given=words(given, step.differs), hint=capital
            )
        if step.expected is not None:
            first = words(self.expected[step.expected])
            if len(event) == 1:
                return _("lacks a layer {place}: expected {first}. Add it there.").format(place=place, first=first)
            return _("lacks {count} layers {place}: the first of them is {first}. Add them there.").format(
                count=len(event), place=place, first=first
            )
        first = words(self.received[step.received or 0])
        if len(event) == 1:
            return _("has a layer too many {place}: {first}. Remove it.").format(place=place, first=first)
        return _("has {count} layers too many {place}: the first of them is {first}. Remove them.").format(
            count=len(event), place=place, first=first
        )


def compare(expected: Sequence[LayerRow], received: Sequence[LayerRow]) -> Comparison:
    """Align the layers of a model with those that are expected (in canonical form)."""
    graph = all(row.sources is not None for row in expected) and all(row.sources is not None for row in received)
    if graph:
        received = arranged(expected, received, _plain_cost)
    elif all(row.sources is not None for row in received) and branches(expected, received):
        orders = [received, like_a_list(expected, received, _plain_cost)]
        received = min(orders, key=lambda order: _alignment_cost(expected, order))
    steps = _with_moves(expected, received, list(_with_differences(expected, received)))
    return Comparison(expected, received, _with_connections(expected, received, steps) if graph else steps)


def row_texts(rows: Sequence[LayerDiff]) -> Iterator[tuple[str, str, str, str, str]]:
    """What stands in a comparison's table: number as expected, mark, expected, received, hint."""
    marks = {"same": "", "different": "≠", "missing": "−", "extra": "+"}
    number = 0
    for row in rows:
        number += row.kind != "extra"
        mark = "·" if row.hint == FOLLOWS else marks[row.kind]
        place = "" if row.kind == "extra" else str(number)
        hint = _(FOLLOWS) if row.hint == FOLLOWS else row.hint
        yield place, mark, row.expected or _("(nothing)"), row.received or _("(missing)"), hint


def table(rows: Sequence[LayerDiff]) -> str:
    """A comparison as text, aligned for a fixed-width font."""
    lines = [("", "", _("expected"), _("received"), ""), *row_texts(rows[:_MAX_TABLE_ROWS])]
    wide = [max(len(line[column]) for line in lines) for column in range(4)]
    text = [f"{a:>{wide[0]}} {b:1} {c:<{wide[2]}}  {d:<{wide[3]}}  {e}".rstrip() for a, b, c, d, e in lines]
    if len(rows) > _MAX_TABLE_ROWS:
        more = len(rows) - _MAX_TABLE_ROWS
        text.append(ngettext("… and {number} more row", "… and {number} more rows", more).format(number=more))
    return "\n".join(text)


# ---------------------------------------------------------------- alignment


def _to_check(kind: str, arguments: Sequence[str]) -> str:
    known = layer_class(kind).WORDS
    things = listed([_(known[key]) if key in known else f"`{key}`" for key in arguments])
    return _("check {things}").format(things=things)


def _hint_within(wanted: LayerRow, given: LayerRow) -> str:
    """What to look at in a layer that another one holds."""
    if wanted.kind != given.kind:
        return _("use {wanted} in it, not {given}").format(wanted=_title(wanted), given=_title(given))
    differs = [key for key, value in wanted.config.items() if not agrees(value, given.config.get(key))]
    check = _to_check(wanted.kind, differs)
    return _("{check} of the {kind} in it").format(check=check, kind=wanted.kind)


def _with_differences(expected: Sequence[LayerRow], received: Sequence[LayerRow]) -> Iterator[AlignmentStep]:
    changed = False
    for i, j in _pairs(expected, received):
        step = AlignmentStep(i, j)
        if i is not None and j is not None:
            own = _own_differences(expected[i], received[j])
            sizes = _size_differences(expected[i], received[j])
            follows = bool(sizes) and not own and _gets_other_input(expected, received, i, j, changed=changed)
            follows = follows and not _resizes_otherwise(expected, received, i, j)
            step = AlignmentStep(i, j, () if follows else own or sizes, follows)
        changed = changed or not step.right
        yield step


def _pairs(expected: Sequence[LayerRow], received: Sequence[LayerRow]) -> Iterator[tuple[int | None, int | None]]:
    """The cheapest alignment; of equally cheap ones, the one that pairs layers early."""
    n, m = len(expected), len(received)
    weight = 0.3 / (n + m + 1)  # all sizes of a network together weigh less than one layer
    pair = [[_cost(wanted, given, weight) for given in received] for wanted in expected]
    rest = [[0.0] * (m + 1) for _ in range(n + 1)]

    def choices(i: int, j: int) -> Iterator[tuple[float, int, int]]:
        if i < n and j < m:
            yield pair[i][j] + rest[i + 1][j + 1], i + 1, j + 1
        if i < n:
            yield 1 + rest[i + 1][j], i + 1, j
        if j < m:
            yield 1 + rest[i][j + 1], i, j + 1

    for i in range(n, -1, -1):
        for j in range(m, -1, -1):
            rest[i][j] = min((cost for cost, *_next in choices(i, j)), default=0.0)
    i = j = 0
    while i < n or j < m:
        _cost_of_rest, next_i, next_j = min(choices(i, j), key=lambda choice: choice[0])
        yield (i if next_i > i else None), (j if next_j > j else None)
        i, j = next_i, next_j


def _alignment_cost(expected: Sequence[LayerRow], received: Sequence[LayerRow]) -> float:
    pairs = _pairs(expected, received)
    return sum(1 if i is None or j is None else _plain_cost(expected[i], received[j]) for i, j in pairs)


def _plain_cost(expected: LayerRow, received: LayerRow) -> float:
    return _cost(expected, received, 0.0)


def _cost(expected: LayerRow, received: LayerRow, weight: float) -> float:
    """Of pairing two layers, where a missing one costs 1 and an extra one, too."""
    own = _own_differences(expected, received)
    if "kind" in own:
        related = family(expected.kind)
        replaces = related and related == family(received.kind)
        return 1.4 if replaces or _wraps(expected, received) or _wraps(received, expected) else float("inf")
    details = 0.2 + 0.4 * len(own) / len(_constraints(expected, received)) if own else 0.0
    return details + sum(2 if size == "output_shape" else 1 for size in _size_differences(expected, received)) * weight


def _wraps(one: LayerRow, other: LayerRow) -> bool:
    """Whether a layer holds such a layer as another one is, as Bidirectional does."""
    return any(isinstance(held, LayerRow) and held.kind == other.kind for held in one.config.values())


def _own_differences(expected: LayerRow, received: LayerRow) -> tuple[str, ...]:
    if expected.kind != received.kind:
        return ("kind",)
    constraints = _constraints(expected, received)
    return tuple(key for key, value in constraints.items() if not agrees(value, received.config.get(key)))


def _constraints(row: LayerRow, received: LayerRow) -> dict[str, object]:
    """Arguments that an expected layer must have, with the one that its output shape implies."""
    given, names = received.config, layer_class(received.kind).LAST_AXIS
    implied = next((key for key in names if key in given and given.get("data_format") != "channels_first"), None)
    if implied is None or not row.output_shape or row.output_shape[-1] is None:
        return dict(row.config)
    return {implied: row.output_shape[-1], **row.config}


def _size_differences(expected: LayerRow, received: LayerRow) -> tuple[str, ...]:
    differs = []
    if expected.output_shape is not None and not _same_shape(expected.output_shape, received.output_shape):
        differs.append("output_shape")
    if expected.parameters is not None and expected.parameters != received.parameters:
        differs.append("parameters")
    return tuple(differs)


def _last_axis(row: LayerRow) -> int:
    """Its size, such as the number of filters; 0 where it is not known, or is another axis."""
    last = (row.output_shape or (0,))[-1]
    return last if last and row.config.get("data_format") != "channels_first" else 0


def _same_shape(expected: Shape, received: Shape | None) -> bool:
    if received is None or len(expected) != len(received):
        return False
    return all(wanted in (None, given) for wanted, given in zip(expected, received, strict=True))


def _gets_other_input(
    expected: Sequence[LayerRow], received: Sequence[LayerRow], i: int, j: int, *, changed: bool
) -> bool:
    """Whether a layer's input is not the expected one, as far as the layers before it show."""
    wanted = expected[i - 1].output_shape if i else None
    given = received[j - 1].output_shape if j else None
    if wanted is None or given is None:
        return changed
    return not _same_shape(wanted, given)


def _resizes_otherwise(expected: Sequence[LayerRow], received: Sequence[LayerRow], i: int, j: int) -> bool:
    """Whether a window gives other axes than expected, of an input that differs in its last axis only."""
    config = received[j].config
    windows = {"kernel_size", "pool_size"} & {*config} and config.get("data_format") != "channels_first"
    if not (windows and i and j):
        return False
    shapes = [(rows[at - 1].output_shape, rows[at].output_shape) for rows, at in ((expected, i), (received, j))]
    (wanted, given), (wanted_next, given_next) = zip(*shapes, strict=True)
    if None in (wanted, given, wanted_next, given_next):
        return False
    return wanted[:-1] == given[:-1] and not _same_shape(wanted_next[:-1], given_next[:-1])


def _with_moves(
    expected: Sequence[LayerRow], received: Sequence[LayerRow], steps: list[AlignmentStep]
) -> list[AlignmentStep]:
    """Tie a missing layer to an equal extra one that is a few rows away."""
    for here, step in enumerate(steps):
        if step.expected is None or step.received is not None:
            continue
        near = range(max(0, here - _MAX_ROWS_MOVED), min(len(steps), here + _MAX_ROWS_MOVED + 1))
        for there in sorted(near, key=lambda at: abs(at - here)):
            other = steps[there]
            if other.expected is not None or other.received is None or other.moved is not None:
                continue
            if not _own_differences(expected[step.expected], received[other.received]):
                steps[here], steps[there] = replace(step, moved=there), replace(other, moved=here)
                break
    return steps


def _with_connections(
    expected: Sequence[LayerRow], received: Sequence[LayerRow], steps: list[AlignmentStep]
) -> list[AlignmentStep]:
    """Add `sources` to what differs where a layer is connected to others than the expected one is."""
    found = []
    for step in steps:
        if step.expected is not None and step.received is not None and "kind" not in step.differs:
            wanted, given = _connections(expected, received, steps, step)
            orderless = layer_class(expected[step.expected].kind).ORDERLESS
            if wanted != given and (not orderless or Counter(wanted) != Counter(given)):
                step = replace(step, differs=(*step.differs, "sources"), follows=False)
        found.append(step)
    return found


def _only_connected(step: AlignmentStep) -> bool:
    """Whether nothing is wrong but what a layer gets, and what follows from that."""
    return {*step.differs} - _SIZES == {"sources"}


def _connections(
    expected: Sequence[LayerRow], received: Sequence[LayerRow], steps: Sequence[AlignmentStep], step: AlignmentStep
) -> tuple[list[int], list[int]]:
    """What a layer should get, and what it gets, as positions of received rows; through what is missing or extra."""
    partner = {
        each.expected: each.received for each in steps if each.expected is not None and each.received is not None
    }
    there = set(partner.values())
    wanted = []
    for at in sources_of(expected, step.expected or 0):
        while at >= 0 and at not in partner:
            at = sources_of(expected, at)[0]
        wanted.append(at if at < 0 else partner[at])
    given = []
    for at in sources_of(received, step.received or 0):
        while at >= 0 and at not in there:
            at = sources_of(received, at)[0]
        given.append(at)
    return wanted, given


def _trouble(step: AlignmentStep) -> str:
    if step.moved is not None:
        return "moved"
    if None in (step.expected, step.received):
        return "missing" if step.received is None else "extra"
    return "different" if step.differs else ""


# ---------------------------------------------------------------- words


def _short(row: LayerRow) -> str:
    return words(replace(row, output_shape=None))


def _title(row: LayerRow) -> str:
    """The layer without its arguments; an activation needs its name."""
    return words(LayerRow(row.kind, {key: value for key, value in row.config.items() if key == "activation"}))
