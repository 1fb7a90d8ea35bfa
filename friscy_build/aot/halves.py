"""C's ints in 64-bit registers: which results need not be extended to 64 bits, and which comparisons are of 32.

    addw a4, a4, a5     # a4 + a5 in its lower half; the upper half: copies of the sign
    sext.w a5, a4       # what it was
    bne a5, a3, ...     # of two ints: their lower halves tell

RV64 keeps an int sign-extended, and each instruction extends again. Where all that is done with a result before it is
gone depends on its lower half alone, the upper half may be anything, in the function's values and in the hart, since
nobody reads it. A register that is known to hold an int (a *word*) is compared with another by the lower halves.
"""

from __future__ import annotations

from typing import Any

from friscy_build.aot.effects import ALL, NONE, Form, Registers, effects, form
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End
from friscy_build.aot.rules import Rules
from friscy_build.aot.tracing import Node, Tracer
from friscy_build.isa.decode import Instruction

# How an instruction is written: without extending its result; with its operands, which are words, compared or copied.
NARROW, WORDS = 1, 2

_INSIDE = (End.FALL, End.JUMP, End.BRANCH)  # how blocks end behind which the function goes on by itself
_LOW = ("add", "sub", "mul", "and", "or", "xor")  # whose lower half follows from the lower halves
_PLAIN = ("node", "set", "store", "touch", "check", "target")
_NEVER = -1
_COPY = "addiw"  # of zero


class _Way:
    """One instruction. writes: what it writes. word: its result is a word if these are; _NEVER: it is none for all we
    know. operands: it compares or copies these, by their lower halves if they are words; NONE: it does not. idle,
    wanted: whose upper halves it looks at, where that of its result is not wanted, and where it is.
    """

    __slots__ = ("idle", "operands", "wanted", "word", "writes")

    def __init__(self, i: Instruction) -> None:
        reads, self.writes = effects(i)
        self.idle = self.wanted = reads
        self.word, self.operands = _NEVER, NONE
        if i.row.extension not in ("I", "M"):
            return
        tracer = Tracer(0, i, check=False)
        tracer.trace()
        items = [item for item in tracer.top.items if item[0] != "node"]
        if any(item[0] not in _PLAIN for item in items):
            return
        self.idle, self.wanted = (_looks(tracer, items, wanted=wanted) for wanted in (False, True))
        values = [item[2] for item in items if item[0] == "set"]
        if values:
            self.word = _word_if(values[0])
        compared = tracer.condition if tracer.condition is not None else values[0] if values else None
        if isinstance(compared, Node) and compared.name == "zext":
            compared = compared.args[0]
        if isinstance(compared, Node):
            is_copy = i.row.name == _COPY and not i.imm
            if is_copy or (compared.name.startswith("compare") and compared.args[2] == 64):
                self.operands = reads

    def words_behind(self, words: Registers) -> Registers:
        """What is known to hold words behind it, if these do before it."""
        if self.word == _NEVER or self.word & ~words:
            return words & ~self.writes
        return words | self.writes


_known: dict[Form, _Way] = {}


def _way(i: Instruction) -> _Way:
    found: _Way | None = i.way
    if found is None:
        key = form(i)
        found = _known.get(key)
        if found is None:
            found = _known[key] = _Way(i)
        i.keep("way", found)
    return found


def _word_if(raw: Any) -> Registers:
    """The registers that have to be words for a value to be one; _NEVER: it is none for all we know."""
    if isinstance(raw, int):
        return NONE if raw < 1 << 31 or raw >= (1 << 64) - (1 << 31) else _NEVER
    name, _, op = raw.name.partition(" ")
    if name == "get":
        register: int = raw.args[0]
        return 1 << register
    if name == "sext":
        return NONE if raw.args[1] <= 32 else _NEVER
    if name == "zext":
        return NONE if raw.args[1] < 32 else _NEVER
    if name != "binary":
        return _NEVER
    a, b = raw.args
    if op == "and" and isinstance(b, int) and b < 1 << 31:
        return NONE
    if op in ("lshr", "ashr") and isinstance(b, int) and b >= (33 if op == "lshr" else 32):
        return NONE
    if op not in ("and", "or", "xor"):
        return _NEVER
    first, second = _word_if(a), _word_if(b)
    return _NEVER if _NEVER in (first, second) else first | second


def _looks(tracer: Tracer, items: list[tuple[Any, ...]], *, wanted: bool) -> Registers:
    """The registers whose upper halves are looked at. wanted: whether that of the result is."""
    found = NONE
    for item in items:
        match item:
            case ("set", _, raw):
                found |= _looked_at(raw, wanted)
            case ("store", base, _, raw, _):
                found |= _looked_at(base, True) | _looked_at(raw, True)
            case ("check", base, _) | ("target" | "touch", base):
                found |= _looked_at(base, True)
    return found | _looked_at(tracer.condition, True)


def _looked_at(raw: Any, upper: bool) -> Registers:
    """The registers whose upper halves a value depends on, or where not `upper`, the lower half of the value."""
    if not isinstance(raw, Node):
        return NONE
    name, _, op = raw.name.partition(" ")
    args = raw.args
    match name:
        case "get":
            return 1 << args[0] if upper and raw.width == 64 else NONE
        case "trunc":
            return _looked_at(args[0], False)
        case "zext" | "sext" if args[1] <= 32:
            return _looked_at(args[0], True)
        case "binary" if raw.width == 64 and op in _LOW:
            return _looked_at(args[0], upper) | _looked_at(args[1], upper)
        case "binary" if raw.width == 64 and op == "shl":
            far = isinstance(args[1], int) and args[1] >= 32
            return _looked_at(args[0], upper and not far) | _looked_at(args[1], False)
    found = NONE
    for arg in args:
        found |= _looked_at(arg, True)
    return found


class Halves:
    """What a function's instructions are written like (NARROW, WORDS)."""

    def __init__(self, flow: Flow, convention: Rules) -> None:
        blocks, before = flow.blocks, [NONE] * len(flow.blocks)
        live = convention.liveness(flow.graph)
        words = _solve_words(flow, convention.abi.saved)
        steps = [_steps(block, known) for block, known in zip(blocks, words, strict=True)]
        after = [NONE] * len(blocks)
        for k, block in enumerate(blocks):
            if flow.calls[k]:
                after[k] = convention.call_reads(block)
            elif block.end not in _INSIDE or flow.leaving[k] or block.pc < 0:
                after[k] = live.after[block.pc]
            for pc in flow.exits[k]:
                after[k] |= live.live[pc]
        pending = list(range(len(blocks)))
        while pending:
            again: list[int] = []
            for k in pending:
                wanted = after[k]
                for successor in flow.after[k]:
                    wanted |= before[successor]
                after[k] = wanted
                for step in steps[k]:
                    wanted = _before(step, wanted)
                if wanted != before[k]:
                    before[k] = wanted
                    again += flow.before[k]
            pending = list(dict.fromkeys(again))
        self._kinds = {block.pc: _kinds(steps[k], after[k]) for k, block in enumerate(blocks)}

    def of(self, block: Block) -> list[int]:
        """By instruction of a block."""
        return self._kinds[block.pc]


def _solve_words(flow: Flow, saved: Registers) -> list[Registers]:
    """By block, the registers that are known to hold words where it starts. saved: what calls leave as it is."""
    blocks = flow.blocks
    words, behind = [NONE] * len(blocks), [ALL] * len(blocks)
    ways = [[way for _, i in block.code if (way := _way(i)).writes] for block in blocks]
    entry = flow.number[flow.graph.entry]
    pending = list(range(len(blocks) - 1, -1, -1))
    while pending:
        again: list[int] = []
        for k in pending:
            known = NONE if k == entry or k >= flow.nreached else ALL
            for earlier in flow.before[k]:
                known &= behind[earlier]
            words[k] = known
            for way in ways[k]:
                known = way.words_behind(known)
            if blocks[k].pc < 0:
                known = NONE
            elif flow.calls[k]:
                known &= saved
            if known != behind[k]:
                behind[k] = known
                again += flow.after[k]
        pending = list(dict.fromkeys(again))
    return words


_Step = tuple[Registers, Registers, Registers, int]


def _steps(block: Block, words: Registers) -> list[_Step]:
    """The instructions from last to first: what each writes, whose upper halves it looks at where that of its result is
    not wanted and where it is, and what is known of it already."""
    found: list[_Step] = []
    as_it_is = block.way is not None or block.stub is not None  # written from other registers than it reads
    for _, i in block.code:
        way = _way(i)
        if as_it_is:
            reads = effects(i)[0]
            found.append((way.writes, reads, reads, 0))
        elif way.operands and not way.operands & ~words:
            copied = way.operands if i.row.name == _COPY else NONE
            found.append((way.writes, NONE, copied, WORDS))
        else:
            found.append((way.writes, way.idle, way.wanted, 0))
        words = way.words_behind(words)
    return found[::-1]


def _before(step: _Step, wanted: Registers) -> Registers:
    """Whose upper halves are looked at before an instruction, if those of `wanted` are behind it."""
    writes, idle, looked, _ = step
    return wanted & ~writes | (looked if writes & wanted else idle)


def _kinds(steps: list[_Step], wanted: Registers) -> list[int]:
    kinds: list[int] = []
    for step in steps:
        writes, _, _, kind = step
        kinds.append(kind | NARROW if writes and not writes & wanted else kind)
        wanted = _before(step, wanted)
    return kinds[::-1]
