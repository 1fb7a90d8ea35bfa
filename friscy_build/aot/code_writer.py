"""The instructions of a block as WebAssembly: one by one, or as what several of them mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from friscy.machine.layout import HART_TRAP_PC
from friscy_build.aot.copies import Copy, find_copies
from friscy_build.aot.effects import FCSR, NONE, SP, Registers, effects, is_access
from friscy_build.aot.float_runs import Run, find_runs, may_have_runs
from friscy_build.aot.function_writer import EXTEND, const32, const64
from friscy_build.aot.graph import Block, End
from friscy_build.aot.liveness import live_at
from friscy_build.aot.locals import HART
from friscy_build.aot.quiet import LOUD, Comparison, Quiet, find_quiet
from friscy_build.aot.safepoints import Look
from friscy_build.aot.shifts import Pair, Rotation, find_pairs
from friscy_build.aot.strip_writer import StripWriter
from friscy_build.aot.switches import Index
from friscy_build.aot.tables import Way
from friscy_build.aot.templates import ASKING, ASKING_AGAIN, CHECKED, UNCHECKED
from friscy_build.isa.decode import Instruction
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES


@dataclass(slots=True)
class _Code:
    """How the code of a block is written; all numbers are places in it. place: of what is being written.

    links: its last instruction is how the block ends: all that is written of it here is the link. unread: nobody wants
    what these do. done: these are written with one before. way, index: by which table the block goes, and by which
    number. end_of_run: of the run that was begun last. live: before each instruction, once somebody has asked.
    """

    block: Block
    kinds: list[int]
    pairs: Mapping[int, Pair | Rotation | None]
    copies: Mapping[int, Copy]
    quiet: Quiet
    links: bool
    unread: Collection[int]
    done: set[int]
    way: Way | None
    index: Index | None
    runs: dict[int, Run]
    place: int = 0
    end_of_run: int = -1
    live: list[Registers] = field(default_factory=list)

    @property
    def last(self) -> int:
        return len(self.block.code) - 1


class CodeWriter(StripWriter):
    """Writes it."""

    _look: Look | None  # the block's access that is yet to look for an interrupt

    def _put_code(self, block: Block) -> bool:
        """Write the instructions of a block; a branch leaves its condition on the stack. Whether control does not come
        out of them."""
        code = self._plan_code(block)
        for k, (pc, i) in enumerate(block.code):
            code.place = k
            if k == code.end_of_run:
                self._close_run(block, code.runs.values(), k)
            if k in code.runs:
                self._open_run(block, code.runs[k], self._live_before(code), partial(self._put_integer, code))
                code.end_of_run = code.runs[k].end
            if code.way is not None or code.index is not None:
                self._put_number(code, pc, i)
            if k == code.last and code.links:
                if i.rd:
                    self._put(const64(block.behind) + self._set(i.rd))
                    self._dirty |= 1 << i.rd
                break
            if k not in code.unread and self._put_instruction(code, pc, i):
                return True
        if code.end_of_run == len(block.code):
            self._close_run(block, code.runs.values(), code.end_of_run)
        return False

    def _plan_code(self, block: Block) -> _Code:
        precise = self._precise
        copies = find_copies(block.code) if not precise else {}
        way = self._convention.way(self._graph, block) if block.pc >= 0 else None
        unread = set[int]()
        if self._direct:
            # What is put back into the hart is read.
            saved = self._convention.abi.saved & ~self._live.smashed.get(block.pc, NONE)
            unread.update(_unread_restores(block, saved))
        if way is not None:
            unread |= {len(block.code) - 1, *self._switches.unread(block, way)}
        code = _Code(
            block,
            self._kinds(block),
            find_pairs(block.code),
            copies,
            find_quiet(block.code) if not precise else LOUD,
            block.end in (End.CALL, End.JUMP, End.SYSCALL) or block.stub is not None,
            unread,
            {k + n for k, copy in copies.items() for n in range(1, copy.nbytes)},
            way,
            self._switches.indices.get(block.pc),
            {},
        )
        if not precise and may_have_runs(block.code):
            others = {*unread, *copies, *code.done}
            others |= {code.last} if code.links else set()
            others |= {way.load} if way is not None else set()
            others |= {*code.index.chain} if code.index is not None else set()
            code.runs = find_runs(block.code, others)
            self._begin_runs()
        return code

    def _live_before(self, code: _Code) -> Registers:
        """What is live before the instruction that is being written."""
        return self._live_at(code, code.place)

    def _live_at(self, code: _Code, place: int) -> Registers:
        after = self._live.after[code.block.pc]
        if place > code.last:
            return after
        if not code.live:
            code.live = live_at(code.block.code, after, self._convention.abi.trap)
        return code.live[place]

    def _bail(self, code: _Code) -> None:
        """Leave the instruction that is being written, and what follows, to the interpreter."""
        self._hand_over(code.block.code[code.place][0], self._dirty & self._live_before(code))

    def _lives_on(self, code: _Code) -> Registers:
        """What lives on behind that instruction as it was before."""
        written = effects(code.block.code[code.place][1])[1]
        return self._live_at(code, code.place + 1) & self._flow.mentioned & ~written

    def _put_number(self, code: _Code, pc: int, i: Instruction) -> None:
        """Where an entry of a table is read, or the number of one is there: have that in the local TARGET."""
        if code.index is not None:
            if code.place == code.index.place:
                self._put(self._get(code.index.register) + wasm.LOCAL_SET + leb(self._locals.target))
        elif code.way is not None and code.place == code.way.load:
            self._find_number(code.way, i, pc, self._dirty & self._live_before(code))

    def _put_integer(self, code: _Code, k: int) -> None:
        """Write an integer instruction among a run's."""
        pc, i = code.block.code[k]
        if k in code.pairs:
            self._put_pair(i, code.pairs[k], code.kinds[k])
        else:
            self._put_template(self._templates.get(pc, i, UNCHECKED, code.kinds[k]), pc, partial(self._bail, code))

    def _put_instruction(self, code: _Code, pc: int, i: Instruction) -> bool:
        """Write an instruction, and note what it does. Whether control does not come out of it."""
        k, quiet, ends = code.place, code.quiet, False
        written, extension = effects(i)[1], i.row.extension
        if self._precise and (is_access(i) or extension == "A"):
            self._sync(pc)
        check, stored = self._find_check(code, i)
        if k in code.pairs:
            self._put_pair(i, code.pairs[k], code.kinds[k])
        elif k in quiet.comparisons:
            self._compare(i, quiet.comparisons[k])
        elif k in code.copies or stored is not None:
            if check:
                self._check(i.rs1, pc, self._dirty & self._live_before(code))
            if stored is None:
                self._put_copy(code.copies[k], pc)
            else:
                self._put_stored_pair(i.rs1, stored, pc)
                code.done.add(k + 1)
        elif k not in code.done and k not in quiet.undone:
            template = self._templates.get(pc, i, check, code.kinds[k])
            ends, parts = template.ends, template.parts
            if len(parts) == 1 and parts[0].__class__ is bytes:
                self._put(parts[0])
            else:
                self._put_template(template, pc, partial(self._bail, code), partial(self._lives_on, code))
        if written >> FCSR & 1 and extension not in ("F", "D") and k not in quiet.harmless:
            self._forget_fcsr()
        self._facts.follow(i, pc)
        if code.runs and k >= code.end_of_run:
            self._values.forget(written)
        self._dirty |= written
        if self._precise:
            self._clean &= ~written
        return ends

    def _find_check(self, code: _Code, i: Instruction) -> tuple[int, tuple[bytes, int] | None]:
        """How an access looks at its base, as `templates` has it; and what it stores together with the next one."""
        k, check, stored = code.place, UNCHECKED, None
        if is_access(i) and i.rs1:
            check = CHECKED if self._checked(i) else UNCHECKED
            asks = self._look is not None and self._look.place in (k, k + 1)
            if code.runs and k >= code.end_of_run and k not in code.done and not asks:
                stored = self._stored_pair(code.block.code, k)
            if stored is not None and self._checked(code.block.code[k + 1][1]):
                check = CHECKED
        elif i.row.extension == "A":
            check = CHECKED
        if self._look is not None and k == self._look.place:
            assert check
            check = ASKING if self._look.stored else ASKING_AGAIN
            self._look = None
        return check, stored

    def _compare(self, i: Instruction, comparison: Comparison) -> None:
        """Write a comparison of floats that raises no flags."""
        self._put(self._get(comparison.a) + self._get(comparison.b) + OPCODES[f"f64.{comparison.name}"])
        self._put(EXTEND + self._set(i.rd))

    def _put_copy(self, copy: Copy, pc: int) -> None:
        """Write a copy of bytes; its source has been read already."""
        target, to = self._place(copy.target, copy.to)
        source, offset = self._place(copy.source, copy.offset)
        kind = "i64" if copy.nbytes == 8 else "i32"
        load, store = {2: ("load16_u", "store16")}.get(copy.nbytes, ("load", "store"))
        self._put(target + source)
        self._mark(pc)
        self._put(OPCODES[f"{kind}.{load}"] + b"\0" + offset)
        self._mark(pc)
        self._put(OPCODES[f"{kind}.{store}"] + b"\0" + to)

    def _sync(self, pc: int) -> None:
        """Have all registers in the hart, for a handler of a fault."""
        self._store(self._dirty & ~self._clean)
        self._clean = self._dirty
        self._put(HART + const32(pc) + OPCODES["i32.store"] + b"\x02" + leb(HART_TRAP_PC))


def _unread_restores(block: Block, saved: Registers) -> Collection[int]:
    """Which instructions at the end of a block that returns only give saved registers back what they had.

    A direct form's caller has them by value. Behind the first of these there is nothing that may hand over, for then
    they would have to be right: only such loads, additions to the stack pointer, and moves.
    """
    found = list[int]()
    if block.end is not End.RETURN:
        return found
    read = NONE
    for k in range(len(block.code) - 2, -1, -1):
        i = block.code[k][1]
        reads, writes = effects(i)
        if i.row.name in ("ld", "fld") and i.rs1 == SP:
            if writes and not writes & ~saved and not writes & read:
                found.append(k)
        elif i.row.name not in ("addi", "add") or writes & saved & ~(1 << SP):
            break
        read |= reads
    return found
