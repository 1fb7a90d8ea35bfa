"""Plain data: the state classes that can be written to a snapshot and forked as they stand.

A subclass of `Plain` is a record of named fields whose values are plain too: None, bool, int, float,
bytes, bytearray, str, list, dict, set, tuple and other `Plain` objects, shared references and cycles
included. Anything that must not be saved (a host handle, a cache) does not belong in a `Plain`.

`dataclasses` costs 9 ms of import, a fifth of a cold start, so this stands in for it on the run path.

    class Pipe(Plain):
        capacity: int = 65536                 # immutable defaults are written plainly
        data: bytearray = default(bytearray)  # mutable ones through a factory
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, ClassVar, TypeVar, dataclass_transform

T = TypeVar("T")
_MISSING = object()


class _Factory:
    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def default(make: Callable[[], T]) -> T:
    """The default of a field with a mutable value: `make` is called for each new record."""
    return _Factory(make)  # type: ignore[return-value]


@dataclass_transform()
class Plain:
    """Base of every record of kernel, VFS and machine state.

    CPython 3.11 finds an attribute three times as fast where no one has asked for the instance's `__dict__` and the
    class has no attribute of that name: so nothing here does the one, and defaults do not stay in the class.
    """

    __fields__: ClassVar[dict[str, Any]] = {}
    __key__: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        fields = dict(cls.__fields__)
        # inspect.get_annotations would import inspect, which costs as much as dataclasses does
        for name, annotation in cls.__dict__.get("__annotations__", {}).items():  # noqa: RUF063
            if str(annotation).startswith("ClassVar"):
                continue
            if name in cls.__dict__:
                fields[name] = cls.__dict__[name]
                delattr(cls, name)
            else:
                fields[name] = _MISSING
        cls.__fields__ = fields
        cls.__key__ = f"{cls.__module__}.{cls.__qualname__}"
        REGISTRY[cls.__key__] = cls

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        fields = self.__fields__
        if len(args) > len(fields):
            raise TypeError(f"{type(self).__name__} takes {len(fields)} fields, got {len(args)}")
        given = len(args)
        for name, value in zip(fields, args, strict=False):
            setattr(self, name, value)
        if given == len(fields) and not kwargs:
            return
        taken = 0
        for name, preset in islice(fields.items(), given, None):
            if name in kwargs:
                setattr(self, name, kwargs[name])
                taken += 1
            elif preset is _MISSING:
                raise TypeError(f"{type(self).__name__}: field {name!r} is missing")
            else:
                setattr(self, name, preset.make() if type(preset) is _Factory else preset)
        if taken != len(kwargs):
            wrong = next(name for name in kwargs if name not in list(fields)[given:])
            raise TypeError(f"{type(self).__name__}: unexpected or repeated field {wrong!r}")

    def fields(self) -> dict[str, Any]:
        """The values by field name, in a new dict."""
        return {name: getattr(self, name) for name in self.__fields__}

    def __repr__(self) -> str:
        # One level deep: state is full of cycles.
        shown = ", ".join(f"{name}={_brief(getattr(self, name, None))}" for name in self.__fields__)
        return f"{type(self).__name__}({shown})"


REGISTRY: dict[str, type[Plain]] = {}


def _brief(value: object) -> str:
    if isinstance(value, Plain):
        return f"<{type(value).__name__}>"
    if isinstance(value, (list, dict, set, tuple, bytearray)):
        return f"<{type(value).__name__} of {len(value)}>"
    return repr(value)


def _class_named(name: str) -> type[Plain] | None:
    """The state class of an encoded name; its module may not have been needed before now."""
    if name not in REGISTRY and name.startswith(("lazyfs.", "friscy.")):
        with suppress(ImportError):
            __import__(name.rpartition(".")[0])
    return REGISTRY.get(name)


_ATOMS = (type(None), bool, int, float, str, bytes)


class PlainError(ValueError):
    """The graph is not plain data, or the encoded form does not describe one."""


def encode(root: object) -> list[Any]:
    """Flatten the object graph below `root` into lists that msgpack can write.

    Returns [schema, nodes]: `schema` maps a class name to its field names, a node is
    [kind, payload...] and every value inside a payload is an atom or [index of a node].
    Identity is kept: an object reached twice is one node.
    Raises PlainError and names the path where a value is not plain.
    """
    nodes: list[Any] = []
    seen: dict[int, int] = {}
    schema: dict[str, list[str]] = {}
    pending: list[tuple[Any, int, str]] = []

    def ref(value: Any, path: str) -> Any:
        if isinstance(value, _ATOMS):
            if type(value) is int and not -(1 << 63) <= value < 1 << 64:
                raise PlainError(f"{path}: integer {value} does not fit 64 bits")
            return value
        index = seen.get(id(value))
        if index is None:
            index = seen[id(value)] = len(nodes)
            nodes.append(None)
            pending.append((value, index, path))
        return [index]

    head = ref(root, "root")
    while pending:
        value, index, path = pending.pop()
        nodes[index] = _encode_node(value, path, ref, schema)
    return [schema, nodes, head]


def _encode_node(
    value: Any, path: str, ref: Callable[[Any, str], Any], schema: dict[str, list[str]]
) -> list[Any]:
    if isinstance(value, Plain):
        name = type(value).__key__
        names = schema.setdefault(name, list(value.__fields__))
        return [name, *(ref(getattr(value, field), f"{path}.{field}") for field in names)]
    kind = type(value)
    if kind is bytearray:
        return ["+bytearray", bytes(value)]
    if kind in (list, tuple):
        return ["+" + kind.__name__, *(ref(item, f"{path}[{i}]") for i, item in enumerate(value))]
    if kind is set or kind is frozenset:
        return ["+set", *(ref(item, f"{path}{{}}") for item in sorted(value))]
    if kind is dict:
        flat: list[Any] = ["+dict"]
        for key, item in value.items():
            flat += [ref(key, f"{path} key {key!r}"), ref(item, f"{path}[{key!r}]")]
        return flat
    raise PlainError(f"{path}: {kind.__module__}.{kind.__qualname__} is not plain data")


def decode(encoded: Any) -> Any:
    """The object graph that `encode` flattened. Raises PlainError where it does not fit the classes."""
    try:
        schema, nodes, head = encoded
        return _Decoder(schema, nodes).value(head)
    except PlainError:
        raise
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise PlainError(f"not an encoded graph: {error}") from error


class _Decoder:
    def __init__(self, schema: dict[str, list[str]], nodes: list[Any]) -> None:
        for name, fields in schema.items():
            known = _class_named(name)
            if known is None:
                raise PlainError(f"no state class {name} in this version")
            if list(known.__fields__) != list(fields):
                raise PlainError(f"state class {name} has other fields in this version")
        self.schema, self.nodes = schema, nodes
        self.made: list[Any] = [None] * len(nodes)
        # Tuples cannot be filled in later, so they are made on demand; all else is made empty, then filled.
        for index, node in enumerate(nodes):
            if node[0] != "+tuple":
                self.made[index] = self._empty(node)
        for index, node in enumerate(nodes):
            self._fill(self.made[index], node)

    def value(self, raw: Any) -> Any:
        if type(raw) is not list:
            return raw
        (index,) = raw
        if index < 0:
            raise PlainError(f"negative reference {index}")
        node = self.nodes[index]
        if node[0] == "+tuple" and self.made[index] is None:
            self.made[index] = tuple(self.value(item) for item in node[1:])
        return self.made[index]

    def _empty(self, node: list[Any]) -> Any:
        kind = node[0]
        if kind in self.schema:
            return object.__new__(REGISTRY[kind])
        if kind == "+bytearray":
            return bytearray(node[1])
        return {"+list": list, "+dict": dict, "+set": set}[kind]()

    def _fill(self, made: Any, node: list[Any]) -> None:
        kind, *items = node
        if kind in self.schema:
            for name, item in zip(self.schema[kind], items, strict=True):
                setattr(made, name, self.value(item))
        elif kind == "+list":
            made.extend(map(self.value, items))
        elif kind == "+set":
            made.update(map(self.value, items))
        elif kind == "+dict":
            made.update(_pairs(map(self.value, items)))


def _pairs(values: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    iterator = iter(values)
    return zip(iterator, iterator, strict=True)
