"""Completing batches: lists, objects of one type, and objects of an interface or union."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from operator import attrgetter, itemgetter
from types import NoneType
from typing import Any

from graphql import GraphQLAbstractType, GraphQLObjectType, GraphQLSchema, Undefined

from cmdb.store import Row
from cmdb_graphql.compiled.fields import Completer, Field
from cmdb_graphql.compiled.leaves import Leaf
from cmdb_graphql.compiled.run import Answers, Run
from cmdb_graphql.compiled.signals import Odd
from cmdb_graphql.rows import Rows
from cmdb_graphql.types import PLAIN


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain field: where its value is in an object and in a row, what it is if absent, how a column is completed."""

    name: str
    attribute: str
    column: str
    absent: Any
    completer: Completer


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked of objects of one type, in the order of the answer."""

    parent: GraphQLObjectType
    template: dict[str, Any]
    """An answer in the order of the question: null where values come, `__typename` filled in."""
    plain: dict[str, Plain]
    """By response key."""
    fields: tuple[Field, ...]
    form: Callable[[Iterable[tuple[Any, ...]]], Answers]

    @classmethod
    def of(
        cls, parent: GraphQLObjectType, template: dict[str, Any], plain: dict[str, Plain], fields: tuple[Field, ...]
    ) -> Selection:
        """With the function that makes its answers."""
        return cls(parent, template, plain, fields, former(template, plain))

    def select(self, run: Run, sources: Sequence[Any]) -> Answers:
        """One answer per object; fields that wait are filled in later."""
        if not sources:
            return []
        columns = [
            part.completer.complete(run, list(map(attrgetter(part.attribute), sources))) for part in self.plain.values()
        ]
        answers = self._answers(len(sources), columns)
        for one in self.fields:
            one.ask(run, sources, answers)
        return answers

    def rows(self, run: Run, found: Rows) -> Answers:
        """One answer per CI, from its row; objects are made only for fields with a resolver."""
        rows = found.rows
        if not rows:
            return []
        columns = [
            part.completer.complete(run, column)
            for part, column in zip(self.plain.values(), self._columns(rows), strict=True)
        ]
        answers = self._answers(len(rows), columns)
        if self.fields:
            sources = list(found)
            for one in self.fields:
                one.ask(run, sources, answers)
        return answers

    def _columns(self, rows: Sequence[Row]) -> Iterable[Sequence[Any]]:
        names = [part.column for part in self.plain.values()]
        if len(names) > 1:
            try:  # most rows have all that is asked, and then it is one call per row
                return zip(*map(itemgetter(*names), rows), strict=True)
            except KeyError:
                pass
        return [[row.get(part.column, part.absent) for row in rows] for part in self.plain.values()]

    def _answers(self, count: int, columns: Sequence[Sequence[Any]]) -> Answers:
        if not columns:
            return [*map(dict.copy, repeat(self.template, count))]
        return self.form(zip(*columns, strict=True))


def former(template: dict[str, Any], plain: Iterable[str]) -> Callable[[Iterable[tuple[Any, ...]]], Answers]:
    """A function from rows of plain values to answers like the template.

    It is made of source text, since a dict that is written out is the fastest way to many of the same keys: 1.3 times
    that of copying one and setting its values. All that comes from a question in it are response keys, as literals;
    GraphQL's names are letters, digits and underscores.
    """
    names = {key: f"v{place}" for place, key in enumerate(plain)}
    assert all(key.isidentifier() for key in template), template
    items = ", ".join(f"{key!r}: {names.get(key) or repr(value)}" for key, value in template.items())
    row = "".join(f"{name}, " for name in names.values())
    made: Callable[[Iterable[tuple[Any, ...]]], Answers] = eval(f"lambda rows: [{{{items}}} for ({row}) in rows]")  # noqa: S307  # see above
    return made


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, nullable or not."""

    item: Completer
    required: bool

    def complete(self, run: Run, values: Sequence[Any]) -> Sequence[Any]:
        """All items of all lists are one batch."""
        present = _present(values, required=self.required)
        kinds = set(map(type, present))
        if kinds == {Rows} and isinstance(self.item, Objects | Abstract):
            make = present[0].make
            if any(one.make is not make for one in present):
                raise Odd
            done = self.item.rows(run, Rows(chain.from_iterable(one.rows for one in present), make))
        else:
            if not kinds <= {list, tuple, Rows}:
                raise Odd
            flat: Sequence[Any] = list(chain.from_iterable(present))
            done = self.item.complete(run, flat)
            if done is flat and kinds <= {list}:
                return values
        items = iter(done)
        return _back(values, [list(islice(items, len(one))) for one in present])


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects of one type, nullable or not."""

    kind: GraphQLObjectType
    required: bool
    selection: Selection
    schema: GraphQLSchema

    def complete(self, run: Run, values: Sequence[Any]) -> Sequence[Any]:
        """One answer per object."""
        present = _present(values, required=self.required)
        _check(self.kind, present)
        return _back(values, self.selection.select(run, present))

    def rows(self, run: Run, rows: Rows) -> Sequence[Any]:
        """One answer per CI. A row of another class than is declared has to have what is asked, as an object would."""
        asked = {part.name for part in self.selection.plain.values()}
        for name in set(map(itemgetter("class"), rows.rows)):
            made = self.schema.get_type(name)
            if not isinstance(made, GraphQLObjectType) or not asked <= made.fields.keys():
                return self.complete(run, list(rows))
        return self.selection.rows(run, rows)


@dataclass(frozen=True, slots=True)
class Abstract:
    """Objects of an interface or union, nullable or not."""

    kind: GraphQLAbstractType
    required: bool
    possible: dict[str, GraphQLObjectType]
    build: Callable[[GraphQLObjectType], Selection]
    built: dict[str, Selection] = field(default_factory=dict)
    """Selections by type, made when the first object of it is met."""

    def complete(self, run: Run, values: Sequence[Any]) -> Sequence[Any]:
        """Each by its own type."""
        present, resolve = _present(values, required=self.required), self.kind.resolve_type
        if resolve is None:
            raise Odd
        names = [resolve(value, run.info, self.kind) for value in present]

        def select(name: str, sources: Sequence[Any]) -> Answers:
            _check(self.possible[name], sources)
            return self.selection(name).select(run, sources)

        return _back(values, _by_name(names, present, select))

    def rows(self, run: Run, rows: Rows) -> Sequence[Any]:
        """Each by its class."""
        names = [name if (name := row["class"]) in self.possible else PLAIN for row in rows.rows]
        return _by_name(names, rows.rows, lambda name, part: self.selection(name).rows(run, Rows(part, rows.make)))

    def selection(self, name: Any) -> Selection:
        """What is asked of objects of this type."""
        if name not in self.built:
            if name not in self.possible:
                raise Odd
            self.built[name] = self.build(self.possible[name])
        return self.built[name]


def _by_name(names: Sequence[Any], values: Sequence[Any], select: Callable[[Any, Sequence[Any]], Answers]) -> Answers:
    if len(set(names)) == 1:
        return select(names[0], values)
    places: defaultdict[Any, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        places[name].append(place)
    answers: Answers = [{}] * len(values)
    for name, own in places.items():
        for place, answer in zip(own, select(name, [values[place] for place in own]), strict=True):
            answers[place] = answer
    return answers


def _present(values: Sequence[Any], *, required: bool) -> Sequence[Any]:
    """The values without nulls. Raises Odd for a null that may not be, or an error returned as a value."""
    kinds = set(map(type, values))
    if any(issubclass(kind, Exception) or kind is type(Undefined) for kind in kinds):
        raise Odd
    if NoneType not in kinds:
        return values
    if required:
        raise Odd
    return [value for value in values if value is not None]


def _back(values: Sequence[Any], done: Sequence[Any]) -> Sequence[Any]:
    """What became of the values, with the nulls where they were."""
    if len(done) == len(values):
        return done
    rest = iter(done)
    return [None if value is None else next(rest) for value in values]


def _check(kind: GraphQLObjectType, values: Iterable[Any]) -> None:
    test = kind.is_type_of
    if test is not None and not all(test(value, None) is True for value in values):  # type: ignore[arg-type]  # no path
        raise Odd


def plain_of(completer: Completer) -> bool:
    """Whether nothing but a value, or a list of values, is behind it."""
    return isinstance(completer, Leaf) or (isinstance(completer, Listed) and plain_of(completer.item))
