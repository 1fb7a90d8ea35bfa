"""The functions of a module as they are numbered, the small ones that they share, and the module's bytes.

A module imports `runtime`'s functions and puts the table's forms into the table, from the imported global
`env.table_base` on. Where in the code an access may fault, and which guest instruction makes it, is in the custom
section `friscy.pcs` (docs/formats/bundle.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate

from friscy.machine.fault_map import PCS_SECTION, PRECISE_SECTION, encode_pcs
from friscy.machine.layout import (
    GUEST_END,
    GUEST_START,
    HART_DEPTH,
    HART_F,
    HART_FCSR,
    HART_PC,
    HART_X,
    WASM_PAGES,
)
from friscy.machine.space import INTERPRETER_SLOT
from friscy_build.aot.effects import F0, FCSR, RA, SP
from friscy_build.aot.locals import DEPTH_LOCAL, HART, HART_ADDRESS, TAKE_HART, Locals, register_name
from friscy_build.aot.runtime import IMPORTS
from friscy_build.aot.signature import Signature
from friscy_build.aot.tables import Table
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import (
    CODE,
    ELEMENT,
    F64,
    FUNCREF,
    FUNCTION,
    I32,
    I64,
    IMPORT,
    KIND_FUNCTION,
    KIND_GLOBAL,
    KIND_MEMORY,
    KIND_TABLE,
    MAGIC,
    TYPE,
    Types,
    custom_section,
    leb,
    name,
    section,
    sleb,
    table_segment,
    vector,
)
from friscy_build.wasm.binary import Signature as FunctionType
from friscy_build.wasm.opcodes import OPCODES

HINTS_SECTION = "metadata.code.branch_hint"  # of the branch hinting proposal
Registers = tuple[int, ...]
_Shared = tuple[str, Registers | None]
_TABLE_FORM = bytes([I32]), bytes([I32])
_WRAP, _EXTEND = OPCODES["i32.wrap_i64"], OPCODES["i64.extend_i32_u"]


def kind_of(register: int) -> int:
    """The type of a register's value."""
    if register == FCSR:
        return I32
    return F64 if register >= F0 else I64


def _place(register: int) -> int:
    if register == FCSR:
        return HART_FCSR
    return HART_X + 8 * register if register < F0 else HART_F + 8 * (register - F0)


def _hart_ops() -> tuple[list[bytes], list[bytes]]:
    loads, stores = [], []
    for register in range(FCSR + 1):
        kind = {I32: "i32", I64: "i64", F64: "f64"}[kind_of(register)]
        rest = (b"\x02" if kind == "i32" else b"\x03") + leb(_place(register))
        mask = wasm.I32_CONST + sleb(0xFF) + OPCODES["i32.and"] if register == FCSR else b""
        loads.append(OPCODES[f"{kind}.load"] + rest + mask)
        stores.append(OPCODES[f"{kind}.store"] + rest)
    return loads, stores


_LOADS, _STORES = _hart_ops()


def hart_load(register: int) -> bytes:
    """With the hart on the stack: a register's value in it."""
    return _LOADS[register]


def hart_store(register: int) -> bytes:
    """With the hart and a value on the stack: bring it to a register's place."""
    return _STORES[register]


def result_types(signature: Signature) -> list[int]:
    """The types of what a direct form returns."""
    return [I64, *map(kind_of, signature.results)]


def _get(local: int) -> bytes:
    return wasm.LOCAL_GET + leb(local)


def _types() -> Types:
    """The types that every module has first: the imports', and the table form's, which calls through the table name."""
    types = Types()
    for signature in IMPORTS.values():
        types.number(signature)
    types.number(_TABLE_FORM)
    return types


WRAPPER_LEFT = 2  # a local of the wrapper's
TABLE_TYPE = _types().number(_TABLE_FORM)
# Go on in the interpreter, from hart.pc.
_INTERPRET = (
    HART_ADDRESS + wasm.I32_CONST + sleb(INTERPRETER_SLOT) + wasm.RETURN_CALL_INDIRECT + leb(TABLE_TYPE) + b"\0"
)


@dataclass(frozen=True, slots=True)
class Body:
    """A function's type and bytes. marks: (place in it of an opcode, the guest's pc as `friscy.pcs` has it). hints:
    (place of a branch, whether it is mostly taken)."""

    kind: FunctionType
    code: bytes
    marks: Sequence[tuple[int, int]] = ()
    hints: Sequence[tuple[int, bool]] = ()


class Functions:
    """The functions of one module: their numbers, which are known before any is written, and their bodies.

    entries: of the graphs that become functions, in the table's order. tables: those that lead from one to others.
    asides: by the keys of functions that are parted, the entries of what is aside (`aside`), which has one form.
    """

    def __init__(
        self,
        signatures: Mapping[int, Signature],
        entries: Iterable[int],
        tables: Iterable[Table] = (),
        asides: Mapping[int, int] | None = None,
    ) -> None:
        self._signatures = signatures
        self._table: dict[int, int] = {}
        self._direct: dict[int, int] = {}
        self._asides: dict[int, int] = {}  # by the entry of what is aside, its function's
        given = sorted({each.results for each in signatures.values() if each.direct})
        names: list[_Shared] = [("leave", None), ("hand over", None)]
        names += [(name, results) for results in given for name in ("returned", "hand over")]
        self._shared = {each: number for number, each in enumerate(names, len(IMPORTS))}
        index = len(IMPORTS) + len(names)
        self._tables = {table: number for number, table in enumerate(tables, index)}
        index += len(self._tables)
        for entry in entries:
            self._table[entry] = index
            index += 1
            if signatures[entry].direct:
                self._direct[entry] = index
                index += 1
            for aside in (asides[key] for key in (entry, ~entry) if asides and key in asides):
                (self._direct if signatures[aside].direct else self._table)[aside] = index
                self._asides[aside] = entry
                index += 1
        self.bodies: dict[int, Body] = {}  # by number, of those that were defined

    def table_form(self, entry: int) -> int | None:
        return self._table.get(entry)

    def direct_form(self, entry: int) -> int:
        return self._direct[entry]

    @property
    def entries(self) -> dict[int, int]:
        """By the number of each form, and of what is aside: the entry it stands for."""
        forms = (*self._table.items(), *self._direct.items())
        return {number: self._asides.get(entry, entry) for entry, number in forms}

    def define(
        self,
        entry: int,
        direct: bool,
        parts: Sequence[bytes],
        marks: Sequence[tuple[int, int]],
        hints: Sequence[tuple[int, bool]] = (),
    ) -> None:
        """Give a function its body. marks, hints: as `Body` has them, but for the place: how many parts come before."""
        kind, index = _TABLE_FORM, (self._direct if direct else self._table)[entry]
        if direct:
            signature = self._signatures[entry]
            kind = bytes([I32, *map(kind_of, signature.params)]), bytes(result_types(signature))
        places = list(accumulate(map(len, parts), initial=0))
        self.bodies[index] = Body(
            kind,
            b"".join(parts),
            [(places[k], pc) for k, pc in marks],
            [(places[k], taken) for k, taken in hints],
        )

    # What functions share

    def leave(self) -> int:
        """(left) -> what the table's form returns for a direct form's unwinding."""
        return self._shared["leave", None]

    def returned(self, results: Registers) -> int:
        """(after, ra) -> what a direct form gives after the table form of something gave `after` in its stead;
        ra: what that register was at the direct form's entry."""
        return self._shared["returned", results]

    def hand_over(self, results: Registers | None) -> int:
        """A function that unwinds, so that the interpreter goes on at `pc`, all registers being in the hart.

        It cannot be called from here: it would run until ra is reached, which in the middle of a function is anything.

        (depth, pc) -> next_pc, for the table's form; for the direct one, whose `results` are given,
        (depth, pc, ra) -> as a direct form, ra being what the register was at the entry.
        """
        return self._shared["hand over", results]

    def by_table(self, table: Table) -> int:
        """(k) -> what the table's form of the target of a guest's table that has number k gives."""
        return self._tables[table]

    def _by_table(self, table: Table) -> Body:
        targets = sorted(set(table.targets))
        labels = {target: leb(k) for k, target in enumerate(targets)}
        body = b"\0" + (wasm.BLOCK + b"\x40") * (len(targets) + 1) + _get(0) + wasm.BR_TABLE
        body += leb(len(table.targets)) + b"".join(labels[target] for target in table.targets)
        body += leb(len(targets)) + wasm.END
        for target in targets:
            index = self.table_form(target)
            if index is None:
                body += HART_ADDRESS + wasm.I64_CONST + sleb(target) + OPCODES["i64.store"] + b"\x03" + leb(HART_PC)
                body += wasm.I32_CONST + sleb(target) + wasm.RETURN
            else:  # translated code does not look at its parameter: whatever is there already
                body += _get(0) + wasm.RETURN_CALL + leb(index)
            body += wasm.END
        return Body(_TABLE_FORM, body + wasm.UNREACHABLE + wasm.END)

    def _shared_bodies(self) -> Iterator[tuple[int, Body]]:
        for table, number in self._tables.items():
            yield number, self._by_table(table)
        for (what, results), number in self._shared.items():
            if what == "leave":
                yield number, _leave()
            elif what == "hand over":
                yield number, _hand_over(results, self.returned(results) if results is not None else 0)
            else:
                assert results is not None
                yield number, _returned(results)

    def define_wrapper(
        self, entry: int, signature: Signature, attempt: tuple[bytes, bytes] | None = None
    ) -> None:
        """The table's form of a function, by way of the direct one.

        attempt: what may return instead of that; between its halves is what may fault. It may use WRAPPER_LEFT.
        """
        depth, left, first = 1, WRAPPER_LEFT, 3
        kinds = list(map(kind_of, signature.results))
        body = vector([leb(1) + bytes([kind]) for kind in (I32, I64, *kinds)]) + TAKE_HART
        marks = []
        if attempt is not None:
            marks.append((len(body + attempt[0]), entry))
            body += attempt[0] + attempt[1]
        body += HART + OPCODES["i32.load"] + b"\x02" + leb(HART_DEPTH) + wasm.LOCAL_SET + leb(depth)
        if signature.needs >> SP & 1:
            body += HART + hart_load(SP) + wasm.I64_CONST + sleb(GUEST_START) + OPCODES["i64.sub"]
            body += wasm.I64_CONST + sleb(GUEST_END - GUEST_START) + OPCODES["i64.ge_u"] + wasm.IF + b"\x40"
            body += HART + wasm.I64_CONST + sleb(entry) + OPCODES["i64.store"] + b"\x03" + leb(HART_PC)
            body += _INTERPRET + wasm.END
        body += _get(depth) + b"".join(HART + hart_load(register) for register in signature.params)
        body += wasm.CALL + leb(self._direct[entry])
        body += b"".join(wasm.LOCAL_SET + leb(first + k) for k in reversed(range(len(kinds))))
        body += wasm.LOCAL_SET + leb(left)
        body += HART + _get(depth) + OPCODES["i32.store"] + b"\x02" + leb(HART_DEPTH)
        # An odd one is an unwinding; one that is far too large is not an address.
        odd = _get(left) + wasm.I64_CONST + sleb(1) + OPCODES["i64.and"] + _WRAP
        far = _get(left) + wasm.I64_CONST + sleb(GUEST_END) + OPCODES["i64.ge_u"]
        stores = b"".join(
            HART + _get(first + k) + hart_store(register) for k, register in enumerate(signature.results)
        )
        # It returned through ra, in whose place in the hart there may be what it called with.
        stores += HART + _get(left) + hart_store(RA)
        body += odd + OPCODES["i32.eqz"] + wasm.IF + b"\x40" + stores + wasm.END
        body += odd + far + OPCODES["i32.or"] + wasm.IF + b"\x40"
        body += _get(left) + wasm.RETURN_CALL + leb(self.leave()) + wasm.END
        body += _get(left) + _WRAP + wasm.END
        self.bodies[self._table[entry]] = Body(_TABLE_FORM, body, marks)

    def body(self, entry: int) -> bytes:
        """The body of the form that has the guest's code."""
        return self.bodies[self._direct.get(entry, self._table[entry])].code

    def namer(self, entry: int) -> Callable[[str, int], str]:
        """What the numbers in that body stand for, for people to read."""
        registers = {Locals().of(register): register_name(register) for register in range(1, FCSR + 1)}
        names = dict(enumerate(IMPORTS))
        names |= {index: f"{pc:x}" for pc, index in self._table.items()}
        names |= {index: f"{pc:x}.direct" for pc, index in self._direct.items()}
        names |= {
            index: f"{self._asides[entry]:x}.aside"
            for entry, index in (*self._table.items(), *self._direct.items())
            if entry in self._asides
        }
        names |= {index: what.replace(" ", "_") for (what, _), index in self._shared.items()}
        names |= {index: f"by_{table.start:x}" for table, index in self._tables.items()}

        def name_of(kind: str, index: int) -> str:
            if kind == "function":
                return "$" + names.get(index, str(index))
            return "$" + {0: "hart", DEPTH_LOCAL: "depth", **registers}.get(index, str(index))

        return name_of

    def module(self, table: Sequence[int], *, precise: bool = False) -> tuple[bytes, int]:
        """(the module, bytes of its code). table: the entries, in the order of their slots. precise: how its functions
        were written."""
        types = _types()
        imports = [name("env") + name("memory") + bytes([KIND_MEMORY, 0]) + leb(WASM_PAGES)]
        imports.append(name("env") + name("table") + bytes([KIND_TABLE, FUNCREF, 0, 1]))
        imports.append(name("env") + name("table_base") + bytes([KIND_GLOBAL, I32, 0]))
        imports += [
            name("env") + name(field) + bytes([KIND_FUNCTION]) + leb(types.number(signature))
            for field, signature in IMPORTS.items()
        ]
        numbered = {**self.bodies, **dict(self._shared_bodies())}
        bodies = [numbered[index] for index in range(len(IMPORTS), len(IMPORTS) + len(numbered))]
        kinds = vector([leb(types.number(body.kind)) for body in bodies])
        out = bytearray(MAGIC)
        out += section(TYPE, types.contents())
        out += section(IMPORT, vector(imports))
        out += section(FUNCTION, kinds)
        segment = table_segment((self._table[entry] for entry in table), wasm.GLOBAL_GET + b"\0")
        out += section(ELEMENT, segment)
        out += custom_section(HINTS_SECTION, vector([
            leb(index) + vector([leb(place) + b"\1" + bytes([taken]) for place, taken in body.hints])
            for index, body in enumerate(bodies, len(IMPORTS))
            if body.hints
        ]))  # fmt: skip
        code = bytearray(leb(len(bodies)))
        faults: list[tuple[int, int]] = []  # (place in the code section's contents, pc)
        for body in bodies:
            code += leb(len(body.code))
            faults += [(len(code) + place, pc) for place, pc in body.marks]
            code += body.code
        head = len(out) + 1 + len(leb(len(code)))  # of the module, before the code section's contents
        out += section(CODE, bytes(code))
        pcs = encode_pcs([(head + place, pc) for place, pc in faults])
        out += custom_section(PCS_SECTION, pcs)
        out += custom_section(PRECISE_SECTION, b"") if precise else b""
        title = sha256(out).hexdigest()[:16]
        out += custom_section("name", b"\0" + leb(1 + len(title)) + name(title))
        return bytes(out), len(code)


def _leave() -> Body:
    pc = _get(0) + wasm.I64_CONST + sleb(-2) + OPCODES["i64.and"] + wasm.LOCAL_TEE + leb(0)
    code = b"\0" + pc + wasm.I64_CONST + sleb(GUEST_END) + OPCODES["i64.lt_u"] + wasm.IF + b"\x40"
    code += _get(0) + _WRAP + wasm.RETURN + wasm.END
    code += HART_ADDRESS + _get(0) + OPCODES["i64.store"] + b"\x03" + leb(HART_PC) + _INTERPRET
    return Body((bytes([I64]), bytes([I32])), code + wasm.END)


def _returned(results: Registers) -> Body:
    far = _get(0) + _EXTEND
    code = b"\0" + far + far + wasm.I64_CONST + sleb(1) + OPCODES["i64.or"]
    code += far + _get(1) + OPCODES["i64.eq"] + wasm.SELECT
    code += b"".join(HART_ADDRESS + hart_load(register) for register in results)
    return Body((bytes([I32, I64]), bytes([I64, *map(kind_of, results)])), code + wasm.END)


def _hand_over(results: Registers | None, returned: int) -> Body:
    code = b"\0" + HART_ADDRESS + _get(0) + OPCODES["i32.store"] + b"\x02" + leb(HART_DEPTH)
    code += HART_ADDRESS + _get(1) + _EXTEND + OPCODES["i64.store"] + b"\x03" + leb(HART_PC)
    if results is None:
        return Body((bytes([I32, I32]), bytes([I32])), code + _get(1) + wasm.END)
    code += _get(1) + _get(2) + wasm.RETURN_CALL + leb(returned)
    return Body((bytes([I32, I32, I64]), bytes([I64, *map(kind_of, results)])), code + wasm.END)
