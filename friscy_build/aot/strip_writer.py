"""Finds loops whose turns are written otherwise than one at a time, and writes strips (`strips`): at the head of a loop
of one block, as many turns at once as may be done so.

At the head stands a count. Where it is used up, the loop looks for an interrupt and tries a strip; then its turns are
done one by one until the strip's rest is done, or for a while if there was none, or where the loop was just entered.
"""

from __future__ import annotations

from friscy.machine.layout import PAGE
from friscy_build.aot.effects import F0, Registers
from friscy_build.aot.function_writer import BLOCK, LOOP, STILL_INTERRUPTED, WRAP, const32, const64
from friscy_build.aot.graph import Block, End
from friscy_build.aot.halves import WORDS
from friscy_build.aot.lanes import SHAPES, Lanes, Linear, constant, load_opcodes, store_opcodes
from friscy_build.aot.strips import Access, Reduction, Strip, find_strip
from friscy_build.aot.trace_writer import TraceWriter
from friscy_build.aot.unrolling import Unrolled, find_unrolled
from friscy_build.isa.value import signed
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import I32, I64, leb
from friscy_build.wasm.opcodes import OPCODES

_TURNS = ((5, 4), (10, 2))  # at most so many instructions, how often they are written
_PATIENCE = 64  # how often a loop comes to its head before it tries again what it could not do
_FIRST_TURNS = 8  # that are done one by one, at least as many as one has at its head: many loops have no more
_LOW, _HIGH = -(1 << 31), (1 << 31) - 1  # of an int
_EXTEND_INT = OPCODES["i64.extend32_s"]
_COMPARISONS = {"ne": "ne", "slt": "lt_s", "ult": "lt_u", "sle": "le_s", "ule": "le_u",
                "sgt": "gt_s", "ugt": "gt_u", "sge": "ge_s", "uge": "ge_u"}  # fmt: skip
_NEUTRAL = {"add": 0, "or": 0, "xor": 0, "and": -1}


class StripWriter(TraceWriter):
    """Writes them. The locals for temporaries hold addresses and counts, those for vectors the values."""

    def _find_unrolled(self) -> dict[int, Unrolled]:
        """The loops whose turns are written one after the other, by pc."""
        found: dict[int, Unrolled] = {}
        if self._precise:
            return found
        for header in self._flow.blocks:
            if header.end is not End.BRANCH or header.pc < 0 or header.pc not in self._structure.headers:
                continue
            skipped = self._skipped(header) if header.target != header.pc else None
            if skipped is None and header.target != header.pc:
                continue
            last = header.pc if skipped is None else header.target
            unrolled = find_unrolled(self._flow, header, skipped)
            if unrolled is not None and (last, header.pc) not in self._structure.by_way:
                found[header.pc] = unrolled
        return found

    def _find_strips(self) -> dict[int, Strip]:
        """The loops with strips, by pc."""
        if self._precise:
            return {}
        found = {
            block.pc: find_strip(block)
            for block in self._flow.blocks
            if block.pc not in self._unrolled and (block.pc, block.pc) not in self._structure.by_way
        }
        return {pc: strip for pc, strip in found.items() if strip is not None}

    def _turns(self, block: Block) -> int:
        """How often a block is written that is a loop by itself: a short one more than once for each look for an
        interrupt, and what is known of its addresses lasts from one turn to the next."""
        nothing = self._precise or block.end is not End.BRANCH or block.target != block.pc
        if nothing or (block.pc, block.pc) in self._structure.by_way:
            return 1
        return next((turns for most, turns in _TURNS if len(block.code) <= most), 1)

    def _before_loop(self, pc: int) -> None:
        if pc in self._strips:
            turns = self._turns(self._graph.blocks[pc])
            self._put(const32(_FIRST_TURNS // turns) + wasm.LOCAL_SET + leb(self._locals.patience))

    def _put_strip(self, block: Block, strip: Strip, turns: int, live: Registers) -> None:
        """Write what comes at the head of a loop whose code is written for `turns` turns. live: at the head."""
        patience = leb(self._locals.patience)
        self._put(wasm.LOCAL_GET + patience + const32(1) + OPCODES["i32.sub"] + wasm.LOCAL_TEE + patience)
        self._put(const32(0) + OPCODES["i32.lt_s"])
        self._open_unlikely()
        self._put(STILL_INTERRUPTED)
        self._open_unlikely()
        self._hand_over(block.address, self._dirty & live)
        self._close()
        self._put(const32(_PATIENCE) + wasm.LOCAL_SET + patience)
        self._open(BLOCK)
        self._put_addresses(strip)
        self._put_count(block, strip)
        self._put_order(strip)
        count, whole = self._get_i64(0), self._get_i64(1)
        self._put(count + const64(-strip.nturns) + OPCODES["i64.and"] + self._tee_i64(1))
        self._put(OPCODES["i64.eqz"] + wasm.BR_IF + leb(0))
        # This time the loop's turns are done anyway.
        rest = count + whole + OPCODES["i64.sub"] + WRAP + const32(1) + OPCODES["i32.sub"]
        self._put(rest + const32(turns.bit_length() - 1) + OPCODES["i32.shr_s"] + wasm.LOCAL_SET + patience)
        self._put_vectors(strip)
        for register, step in sorted(strip.steps.items()):
            self._put(self._get(register) + whole + const64(step) + OPCODES["i64.mul"] + OPCODES["i64.add"])
            self._put(self._set(register))
        for k, reduction in enumerate(strip.reductions):
            self._put_reduction(strip, k, reduction)
        self._close()
        self._close()

    # Locals: the turns that may be done and that are done; by access, the address of the first turn, and where it is.

    def _i64(self, k: int) -> bytes:
        return leb(self._locals.temporary(I64, k))

    def _get_i64(self, k: int) -> bytes:
        return wasm.LOCAL_GET + self._i64(k)

    def _tee_i64(self, k: int) -> bytes:
        return wasm.LOCAL_TEE + self._i64(k)

    def _address(self, k: int) -> bytes:
        return self._get_i64(2 + k)

    def _at(self, k: int) -> bytes:
        return leb(self._locals.temporary(I32, 1 + k))

    def _lane_local(self, k: int) -> bytes:
        return leb(self._vector_local(k))

    # How long a strip may be

    def _put_form(self, strip: Strip, form: Linear) -> None:
        """Leave the value of a form on the stack."""
        first = True
        for register, times in form.terms:
            self._put(self._get_number(strip, register))
            if times != 1:
                self._put(const64(signed(times, 64)) + OPCODES["i64.mul"])
            self._put(b"" if first else OPCODES["i64.add"])
            first = False
        if form.const or first:
            self._put(const64(signed(form.const, 64)))
            self._put(b"" if first else OPCODES["i64.add"])

    def _get_number(self, strip: Strip, register: int) -> bytes:
        """What a register has. That of an int may have anything in its upper half (`halves`)."""
        return self._get(register) + (_EXTEND_INT if register in strip.words else b"")

    def _put_addresses(self, strip: Strip) -> None:
        """Find the addresses. A turn was done before: they are in the guest's range, or where its guard begins."""
        for k, access in enumerate(strip.accesses):
            self._put_form(strip, access.address)
            self._put(wasm.LOCAL_SET + self._i64(2 + k))

    def _put_count(self, block: Block, strip: Strip) -> None:
        """Find how many turns are surely followed by another, and leave no page; give up where there is none."""
        bound, count = strip.bound, wasm.LOCAL_SET + self._i64(0)
        first, second = self._get_i64(0), self._get_i64(1)
        ints = _EXTEND_INT if self._kinds(block)[-1] & WORDS else b""
        for k, form in enumerate((bound.first, bound.second)):
            self._put_form(strip, form)
            self._put(ints + wasm.LOCAL_SET + self._i64(k))
        self._put(first + second + OPCODES[f"i64.{_COMPARISONS[bound.op]}"] + OPCODES["i32.eqz"])
        self._put(wasm.BR_IF + leb(0))
        self._put(second + first if bound.step > 0 else first + second)
        self._put(OPCODES["i64.sub"])
        self._divide(abs(bound.step))
        self._put(count)
        for register in sorted(strip.words):
            step = strip.steps[register]
            own = self._get_number(strip, register)
            self._put(const64(_HIGH) + own if step > 0 else own + const64(_LOW))
            self._put(OPCODES["i64.sub"])
            self._divide(abs(step))
            self._least()
        for k, access in enumerate(strip.accesses):
            offset = self._address(k) + const64(PAGE - 1) + OPCODES["i64.and"]
            self._put(const64(PAGE) + offset + OPCODES["i64.sub"])
            self._divide(access.nbytes)
            self._least()

    def _divide(self, divisor: int) -> None:
        if divisor & (divisor - 1):
            self._put(const64(divisor) + OPCODES["i64.div_u"])
        elif divisor > 1:
            self._put(const64(divisor.bit_length() - 1) + OPCODES["i64.shr_u"])

    def _least(self) -> None:
        """Make the count what is on the stack, if that is less."""
        count, other = self._get_i64(0), self._get_i64(1)
        self._put(self._tee_i64(1) + count + other + count + OPCODES["i64.lt_u"] + wasm.SELECT)
        self._put(wasm.LOCAL_SET + self._i64(0))

    def _put_order(self, strip: Strip) -> None:
        """Give up where a turn may load what one before it stores."""
        if not strip.stored:
            return
        last = len(strip.accesses) - 1
        store = strip.accesses[last]
        for k, load in enumerate(strip.accesses[:-1]):
            if store.address == load.address:
                continue
            # Where it stores not faster than it loads, what is stored at or before what is loaded was loaded already.
            behind = 1 if store.nbytes <= load.nbytes else 1 - PAGE
            distance = self._address(last) + self._address(k) + OPCODES["i64.sub"]
            self._put(distance + const64(behind) + OPCODES["i64.sub"])
            self._put(const64(PAGE - behind) + OPCODES["i64.lt_u"] + wasm.BR_IF + leb(0))

    # The strip

    def _put_vectors(self, strip: Strip) -> None:
        self._splats: dict[int, bytes] = {}
        nvalues, at = len(strip.values), wasm.LOCAL_SET
        for k, reduction in enumerate(strip.reductions):
            neutral = _NEUTRAL[reduction.op] & ((1 << strip.bits) - 1)
            self._put(constant(neutral, strip.bits) + wasm.LOCAL_SET + self._lane_local(nvalues + k))
        for k in range(len(strip.accesses)):
            self._put(self._address(k) + WRAP + at + self._at(k))
        counter = leb(self._locals.temporary(I32, 0))
        shift = strip.nturns.bit_length() - 1
        self._put(self._get_i64(1) + const64(shift) + OPCODES["i64.shr_u"] + WRAP + wasm.LOCAL_SET + counter)
        for register in sorted(strip.splats):
            local = self._lane_local(nvalues + len(strip.reductions) + len(self._splats))
            self._put(self._splat(register, strip.bits) + wasm.LOCAL_SET + local)
            self._splats[register] = wasm.LOCAL_GET + local
        self._open(LOOP)
        for k, value in enumerate(strip.values):
            self._put_lanes(strip, value)
            self._put(wasm.LOCAL_SET + self._lane_local(k))
        for k, reduction in enumerate(strip.reductions):
            own = self._lane_local(nvalues + k)
            self._put(wasm.LOCAL_GET + own)
            self._put_lanes(strip, reduction.value)
            op = f"{SHAPES[strip.bits]}.add" if reduction.op == "add" else f"v128.{reduction.op}"
            self._put(OPCODES[op] + wasm.LOCAL_SET + own)
        for number, lanes in strip.stored:
            access = strip.accesses[number]
            self._put(wasm.LOCAL_GET + self._at(number))
            self._put_lanes(strip, lanes)
            narrowing, opcodes = store_opcodes(access.nbytes, strip.bits, b"\0\0")
            self._put(narrowing)
            self._put_access(access, opcodes)
        for k, access in enumerate(strip.accesses):
            self._put(
                wasm.LOCAL_GET + self._at(k) + const32(access.nbytes * strip.nturns) + OPCODES["i32.add"]
            )
            self._put(wasm.LOCAL_SET + self._at(k))
        self._put(wasm.LOCAL_GET + counter + const32(1) + OPCODES["i32.sub"] + wasm.LOCAL_TEE + counter)
        self._put(wasm.BR_IF + leb(0))
        self._close()

    def _put_access(self, access: Access, opcodes: bytes) -> None:
        self._mark(access.pc)
        self._put(opcodes)

    def _put_lanes(self, strip: Strip, lanes: Lanes) -> None:
        """Leave a vector on the stack."""
        match lanes.kind:
            case "const":
                self._put(constant(lanes.value, strip.bits))
            case "splat":
                self._put(self._splats[lanes.value])
            case "held":
                self._put(wasm.LOCAL_GET + self._lane_local(lanes.value))
            case "loaded_u" | "loaded_s":
                access = strip.accesses[lanes.value]
                self._put(wasm.LOCAL_GET + self._at(lanes.value))
                opcodes = load_opcodes(access.nbytes, strip.bits, lanes.kind[-1], b"\0\0")
                self._put_access(access, opcodes)
            case _:
                for operand in lanes.operands:
                    self._put_lanes(strip, operand)
                self._put(const32(lanes.value) if len(lanes.operands) == 1 else b"")
                self._put(OPCODES[lanes.kind])

    def _splat(self, register: int, bits: int) -> bytes:
        get = self._get(register)
        if register >= F0:
            get += OPCODES["i64.reinterpret_f64"]
        return get + (b"" if bits == 64 else WRAP) + OPCODES[f"{SHAPES[bits]}.splat"]

    def _put_reduction(self, strip: Strip, k: int, reduction: Reduction) -> None:
        """Give a register what the lanes have together; the next turn extends an int."""
        bits, own = strip.bits, wasm.LOCAL_GET + self._lane_local(len(strip.values) + k)
        extract = f"{SHAPES[bits]}.extract_lane" + ("_u" if bits < 32 else "")
        op = OPCODES[f"{'i64' if bits == 64 else 'i32'}.{reduction.op}"]
        for lane in range(strip.nturns):
            self._put(own + OPCODES[f"{extract} {lane}"] + (op if lane else b""))
        if bits < 64:
            signed = reduction.op == "add" or reduction.value.extension == "s"
            if bits < 32 and signed:
                self._put(OPCODES[f"i32.extend{bits}_s"])
            self._put(OPCODES["i64.extend_i32_s" if signed else "i64.extend_i32_u"])
        self._put(self._get(reduction.register) + OPCODES[f"i64.{reduction.op}"])
        self._put(self._set(reduction.register))
