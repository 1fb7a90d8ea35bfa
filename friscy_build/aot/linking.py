"""The functions of a module as they are numbered, the small ones that they share, and the module's bytes.

A module imports `runtime`'s functions and puts the table's forms into the table, from the imported global
`env.table_base` on. Where in the code an access may fault, and which guest instruction makes it, is in the custom
section `friscy.pcs` (docs/formats/bundle.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import accumulate

from friscy.machine.fault_map import PCS_SECTION, encode_pcs
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
from friscy_build.aot.convention import Signature
from friscy_build.aot.effects import F0, FCSR, RA, SP
from friscy_build.aot.locals import HART, Locals, register_name
from friscy_build.aot.runtime import IMPORTS
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
from friscy_build.wasm.opcodes import OPCODES

HINTS_SECTION = "metadata.code.branch_hint"  # of the branch hinting proposal
Registers = tuple[int, ...]
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


def _interpret(types: Types) -> bytes:
    """Go on in the interpreter, from hart.pc."""
    number = leb(types.number(_TABLE_FORM))
    return HART + wasm.I32_CONST + sleb(INTERPRETER_SLOT) + wasm.RETURN_CALL_INDIRECT + number + b"\0"


class Functions:
    """The functions of one module. entries: of the graphs that become functions, in the table's order."""

    def __init__(self, signatures: dict[int, Signature], entries: Iterable[int]) -> None:
        self.types = Types()
        self.imports = [self.types.number(signature) for signature in IMPORTS.values()]
        self.table_type = self.types.number(_TABLE_FORM)
        self._signatures = signatures
        self._table: dict[int, int] = {}
        self._direct: dict[int, int] = {}
        index = len(IMPORTS)
        for entry in entries:
            self._table[entry] = index
            index += 1
            if signatures[entry].direct:
                self._direct[entry] = index
                index += 1
        self._next = index
        self._bodies: dict[int, tuple[int, bytes]] = {}  # by index: (type, body)
        self._shared: dict[str | tuple[object, ...], int] = {}
        self._marks: dict[int, list[tuple[int, int]]] = {}  # by index: (place in the body, pc)
        self._hints: dict[int, list[tuple[int, bool]]] = {}  # by index: (place in the body, whether taken)

    def table_form(self, entry: int) -> int | None:
        return self._table.get(entry)

    def direct_form(self, entry: int) -> int:
        return self._direct[entry]

    def define(
        self,
        entry: int,
        direct: bool,
        parts: Sequence[bytes],
        marks: Sequence[tuple[int, int]],
        hints: Sequence[tuple[int, bool]] = (),
    ) -> None:
        """Give a function its body. marks: (how many parts come before an opcode, the guest's pc). hints: (the same for
        a branch, whether it is mostly taken)."""
        kind, index = self.table_type, self._table[entry]
        if direct:
            signature = self._signatures[entry]
            params = bytes([I32, I32, *map(kind_of, signature.params)])
            kind, index = (
                self.types.number((params, bytes(result_types(signature)))),
                self._direct[entry],
            )
        self._bodies[index] = kind, b"".join(parts)
        places = list(accumulate(map(len, parts), initial=0))
        self._marks[index] = [(places[k], pc) for k, pc in marks]
        self._hints[index] = [(places[k], taken) for k, taken in hints]

    def _add(
        self, key: str | tuple[object, ...], params: Iterable[int], results: Iterable[int], body: bytes
    ) -> int:
        """A function that others share: its index."""
        index = self._shared[key] = self._next
        self._next += 1
        self._bodies[index] = self.types.number((bytes(params), bytes(results))), body + wasm.END
        return index

    def leave(self) -> int:
        """(hart, left) -> what the table's form returns for a direct form's unwinding."""
        key = "leave"
        if key in self._shared:
            return self._shared[key]
        pc = _get(1) + wasm.I64_CONST + sleb(-2) + OPCODES["i64.and"] + wasm.LOCAL_TEE + leb(1)
        body = b"\0" + pc + wasm.I64_CONST + sleb(GUEST_END) + OPCODES["i64.lt_u"] + wasm.IF + b"\x40"
        body += _get(1) + _WRAP + wasm.RETURN + wasm.END
        body += HART + _get(1) + OPCODES["i64.store"] + b"\x03" + leb(HART_PC) + _interpret(self.types)
        return self._add(key, [I32, I64], [I32], body)

    def returned(self, results: Registers) -> int:
        """(hart, after, ra) -> what a direct form gives after the table form of something gave `after` in its stead;
        ra: what that register was at the direct form's entry."""
        key = "returned", results
        if key in self._shared:
            return self._shared[key]
        far = _get(1) + _EXTEND
        body = b"\0" + far + far + wasm.I64_CONST + sleb(1) + OPCODES["i64.or"]
        body += far + _get(2) + OPCODES["i64.eq"] + wasm.SELECT
        body += b"".join(HART + hart_load(register) for register in results)
        return self._add(key, [I32, I32, I64], [I64, *map(kind_of, results)], body)

    def hand_over(self, results: tuple[int, ...] | None) -> int:
        """A function that unwinds, so that the interpreter goes on at `pc`, all registers being in the hart.

        It cannot be called from here: it would run until ra is reached, which in the middle of a function is anything.

        (hart, depth, pc) -> next_pc, for the table's form; for the direct one, whose `results` are given,
        (hart, depth, pc, ra) -> as a direct form, ra being what the register was at the entry.
        """
        key = "hand over", results
        if key in self._shared:
            return self._shared[key]
        body = b"\0" + HART + _get(1) + OPCODES["i32.store"] + b"\x02" + leb(HART_DEPTH)
        body += HART + _get(2) + _EXTEND + OPCODES["i64.store"] + b"\x03" + leb(HART_PC)
        params = [I32, I32, I32, *([] if results is None else [I64])]
        if results is None:
            return self._add(key, params, [I32], body + _get(2))
        body += HART + _get(2) + _get(3) + wasm.RETURN_CALL + leb(self.returned(results))
        return self._add(key, params, [I64, *map(kind_of, results)], body)

    def define_wrapper(self, entry: int, signature: Signature) -> None:
        """The table's form of a function, by way of the direct one."""
        depth, left, first = 1, 2, 3
        kinds = list(map(kind_of, signature.results))
        body = vector([leb(1) + bytes([kind]) for kind in (I32, I64, *kinds)])
        body += HART + OPCODES["i32.load"] + b"\x02" + leb(HART_DEPTH) + wasm.LOCAL_SET + leb(depth)
        if signature.needs >> SP & 1:
            body += HART + hart_load(SP) + wasm.I64_CONST + sleb(GUEST_START) + OPCODES["i64.sub"]
            body += wasm.I64_CONST + sleb(GUEST_END - GUEST_START) + OPCODES["i64.ge_u"] + wasm.IF + b"\x40"
            body += HART + wasm.I64_CONST + sleb(entry) + OPCODES["i64.store"] + b"\x03" + leb(HART_PC)
            body += _interpret(self.types) + wasm.END
        body += HART + _get(depth) + b"".join(HART + hart_load(register) for register in signature.params)
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
        body += HART + _get(left) + wasm.RETURN_CALL + leb(self.leave()) + wasm.END
        body += _get(left) + _WRAP + wasm.END
        self._bodies[self._table[entry]] = self.table_type, body

    def body(self, entry: int) -> bytes:
        """The body of the form that has the guest's code."""
        return self._bodies[self._direct.get(entry, self._table[entry])][1]

    def namer(self, entry: int) -> Callable[[str, int], str]:
        """What the numbers in that body stand for, for people to read."""
        nparams = len(self._signatures[entry].params) if entry in self._direct else 0
        registers = {Locals(nparams).of(register): register_name(register) for register in range(1, FCSR + 1)}
        names = dict(enumerate(IMPORTS))
        names |= {index: f"{pc:x}" for pc, index in self._table.items()}
        names |= {index: f"{pc:x}.direct" for pc, index in self._direct.items()}
        for key, index in self._shared.items():
            names[index] = (key if isinstance(key, str) else str(key[0])).replace(" ", "_")

        def name_of(kind: str, index: int) -> str:
            if kind == "function":
                return "$" + names.get(index, str(index))
            return "$" + {0: "hart", 1: "depth", **registers}.get(index, str(index))

        return name_of

    def module(self, table: Sequence[int]) -> tuple[bytes, int]:
        """(the module, bytes of its code). table: the entries, in the order of their slots."""
        imports = [name("env") + name("memory") + bytes([KIND_MEMORY, 0]) + leb(WASM_PAGES)]
        imports.append(name("env") + name("table") + bytes([KIND_TABLE, FUNCREF, 0, 1]))
        imports.append(name("env") + name("table_base") + bytes([KIND_GLOBAL, I32, 0]))
        imports += [
            name("env") + name(field) + bytes([KIND_FUNCTION]) + leb(kind)
            for field, kind in zip(IMPORTS, self.imports, strict=True)
        ]
        bodies = [self._bodies[index] for index in range(len(IMPORTS), self._next)]
        out = bytearray(MAGIC)
        out += section(TYPE, self.types.contents())
        out += section(IMPORT, vector(imports))
        out += section(FUNCTION, vector([leb(kind) for kind, _ in bodies]))
        segment = table_segment((self._table[entry] for entry in table), wasm.GLOBAL_GET + b"\0")
        out += section(ELEMENT, segment)
        out += custom_section(HINTS_SECTION, vector([
            leb(index) + vector([leb(place) + b"\1" + bytes([taken]) for place, taken in hints])
            for index, hints in sorted(self._hints.items())
            if hints
        ]))  # fmt: skip
        code = bytearray(leb(len(bodies)))
        faults: list[tuple[int, int]] = []  # (place in the code section's contents, pc)
        for index, (_, body) in enumerate(bodies, len(IMPORTS)):
            code += leb(len(body))
            faults += [(len(code) + place, pc) for place, pc in self._marks.get(index, ())]
            code += body
        head = len(out) + 1 + len(leb(len(code)))  # of the module, before the code section's contents
        out += section(CODE, bytes(code))
        pcs = encode_pcs([(head + place, pc) for place, pc in faults])
        out += custom_section(PCS_SECTION, pcs)
        title = sha256(out).hexdigest()[:16]
        out += custom_section("name", b"\0" + leb(1 + len(title)) + name(title))
        return bytes(out), len(code)
