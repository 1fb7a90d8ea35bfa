"""The control-flow graph of one guest function: basic blocks by address, and where each one's control goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from friscy_build.aot.effects import LINKS, is_float_csr
from friscy_build.aot.image import CodeImage
from friscy_build.aot.stubs import Stub, find_stub
from friscy_build.aot.tables import Code, Table, Way, find_tables, find_targets, find_way, is_certain
from friscy_build.isa.decode import Instruction, decode
from friscy_build.isa.row import Flow

_MANY_TARGETS = 16
_COPY = 1 << 44  # what copies of a block are away from each other


class End(Enum):
    """How a basic block ends."""

    FALL = "fall"  # goes on at `next_pc`
    BRANCH = "branch"  # to `target` or next_pc
    JUMP = "jump"  # to `target`
    CALL = "call"  # `target` is called and is to return to next_pc
    INDIRECT_CALL = "indirect call"  # the address in a register is called
    INDIRECT = "indirect"  # to an address in a register: one of `targets`, or any other
    TABLE = "table"  # to an address in a register, by way of the block `target`, which all jumps to its targets share
    RETURN = "return"  # to the address in a link register
    SYSCALL = "syscall"
    OUT = "out"  # no instruction to translate here: the interpreter's


CALLS = (End.CALL, End.INDIRECT_CALL, End.SYSCALL)


@dataclass(slots=True)
class Block:
    """A basic block. `code` is (pc, instruction); an OUT block may have none. `pc`, by which others name it, is its
    address, but for copies (`copy_name`) and for those without code.

    stub: what an INDIRECT or INDIRECT_CALL block goes through, whose last instruction then is a jump to that.
    way: by which table an INDIRECT or TABLE block goes, where that is certain. likely: where an INDIRECT_CALL goes, or
    an INDIRECT without targets here. vague: its targets may be more than there are.
    cold: it did not run while the build recorded, though its function did.
    """

    pc: int
    code: list[tuple[int, Instruction]] = field(default_factory=list)
    end: End = End.OUT
    next_pc: int = 0
    target: int = 0
    targets: tuple[int, ...] = ()
    stub: Stub | None = None
    way: Way | None = None
    likely: int | None = None
    vague: bool = False
    cold: bool = False

    @property
    def address(self) -> int:
        """Where its code begins."""
        return self.code[0][0] if self.code else self.pc

    @property
    def behind(self) -> int:
        """The address behind its last instruction: where a call that ends it is to return to."""
        pc, last = self.code[-1]
        return pc + last.nbytes

    @property
    def last_pc(self) -> int:
        """The address of its last instruction, by which is known what holds at its end; its own where it has none."""
        return self.code[-1][0] if self.code else self.pc

    def successors(self) -> tuple[int, ...]:
        """Where control may go on within the same run of code, callees left out."""
        end = self.end  # the most frequent first
        if end is End.BRANCH:
            return self.target, self.next_pc
        if end is End.FALL or end is End.CALL or end is End.INDIRECT_CALL or end is End.SYSCALL:
            return (self.next_pc,)
        if end is End.JUMP or end is End.TABLE:
            return (self.target,)
        return self.targets if end is End.INDIRECT else ()

    def going(self, to: Mapping[int, int]) -> Block:
        """The same, going on elsewhere where `to` says so, by names of blocks; by a switch it goes where it went."""
        target = to.get(self.target, self.target) if self.end in (End.BRANCH, End.JUMP) else self.target
        return replace(self, target=target, next_pc=to.get(self.next_pc, self.next_pc))


def copy_name(pc: int, number: int) -> int:
    """The name of a copy, of those with a number of its own, of a block with code or of a copy of it."""
    return pc % _COPY + number * _COPY


def copied_from(name: int) -> tuple[int, int]:
    """(the address of the block of which that is the name, or the name of a copy; the copy's number, 0 for none)."""
    return name % _COPY, name // _COPY


@dataclass
class Graph:
    """The blocks reachable from `entry` without leaving [start, end).

    `Functions` gives it with all indirect jumps to the same targets sharing one block (`share_tables`), and a block
    after each call (`close`).
    resume: a function that is entered at any of these, which hart.pc tells: its entry is a block without code.
    name: of the guest's function that begins at `entry`, where it is known.
    twin: the same function a second time, for callers through the table (`convention`).
    exits: blocks that are put aside (`aside`): it goes on there by a tail call.
    """

    start: int
    end: int
    entry: int
    blocks: dict[int, Block] = field(default_factory=dict)
    resume: tuple[int, ...] = ()
    name: str = ""
    twin: bool = False
    exits: frozenset[int] = frozenset()

    @property
    def key(self) -> int:
        """What tells it from the other functions of a module: its entry, or for a twin something that no entry is."""
        return ~self.entry if self.twin else self.entry

    @property
    def ninstructions(self) -> int:
        return sum(len(block.code) for block in self.blocks.values())

    @property
    def entries(self) -> tuple[int, ...]:
        """The pcs that it stands for in the code map."""
        return self.resume or (self.entry,)

    def __reduce__(self) -> tuple[Any, ...]:
        """For worker processes: instructions as the words they are decoded from."""
        blocks = [
            (
                b.pc, b.code[0][0] if b.code else b.pc, [i.word for _, i in b.code],
                b.end, b.next_pc, b.target, b.targets, b.stub, b.way, b.likely, b.vague, b.cold,
            )
            for b in self.blocks.values()
        ]  # fmt: skip
        return _unpickle, (
            self.start, self.end, self.entry, self.resume, self.name, self.twin, self.exits, blocks,
        )  # fmt: skip

    def inside(self, block: Block) -> list[int]:
        """The successors of `block` that are blocks here."""
        return [pc for pc in block.successors() if pc in self.blocks]

    def callees(self) -> set[int]:
        """Direct targets of calls, and of jumps that leave."""
        out = {b.target for b in self.blocks.values() if b.end is End.CALL}
        for block in self.blocks.values():
            if block.end in (End.JUMP, End.BRANCH, End.FALL):
                out |= {pc for pc in block.successors() if pc not in self.blocks}
        return out


def _unpickle(
    start: int,
    end: int,
    entry: int,
    resume: tuple[int, ...],
    name: str,
    twin: bool,
    exits: frozenset[int],
    blocks: list[tuple[Any, ...]],
) -> Graph:
    graph = Graph(start, end, entry, resume=resume, name=name, twin=twin, exits=exits)
    for key, pc, words, *rest in blocks:
        block = graph.blocks[key] = Block(key, [], *rest)
        for word in words:
            i = decode(word)
            assert i is not None
            block.code.append((pc, i))
            pc += i.nbytes
    return graph


class _Builder:
    def __init__(
        self,
        image: CodeImage,
        start: int,
        end: int,
        entries: Sequence[int],
        calls: Mapping[int, int],
        ran: Collection[int],
    ) -> None:
        self.image, self.start, self.end, self.calls, self.ran = image, start, end, calls, ran
        self.entries = entries
        self.code: dict[int, Instruction] = {}
        self.ends: dict[int, Block] = {}  # pc of the last instruction of a block -> how it ends
        self.leaders: set[int] = set(entries)
        self._known: Code | None = None

    def explore(self) -> None:
        waiting = [pc for pc in self.entries if self.inside(pc)]
        indirect: list[int] = []
        code, last, word_at, plain = self.code, self.end, self.image.instruction_word, Flow.NONE
        while waiting or indirect:
            if not waiting:
                pc = indirect.pop()
                targets = self.table_targets(pc)
                self.ends[pc].targets = targets
                self.leaders.update(targets)
                waiting += targets
                continue
            pc = waiting.pop()
            while pc < last and pc not in code:
                word = word_at(pc)
                i = decode(word) if word is not None else None
                if i is None:
                    break
                code[pc] = i
                if i.row.flow is not plain and not is_float_csr(i):
                    end = self.ending(pc, i)
                    self.ends[pc] = end
                    found = [at for at in end.successors() if self.inside(at)]
                    self.leaders.update(found)
                    waiting += found
                    if end.end is End.INDIRECT and end.stub is None:
                        indirect.append(pc)
                    break
                pc += i.nbytes

    def inside(self, pc: int) -> bool:
        return self.start <= pc < self.end and pc % 2 == 0

    def ending(self, pc: int, i: Instruction) -> Block:
        """How the block ends that `i` ends, as a Block without code."""
        block = Block(pc, next_pc=pc + i.nbytes)
        match i.row.flow:
            case Flow.BRANCH:
                block.end, block.target = End.BRANCH, (pc + i.imm) % (1 << 64)
            case Flow.JUMP:
                block.end = End.CALL if i.rd in LINKS else End.JUMP
                block.target = (pc + i.imm) % (1 << 64)
            case Flow.SYSCALL:
                block.end = End.SYSCALL
            case Flow.TRAP:
                block.end = End.FALL
            case Flow.INDIRECT:
                known = self.known_target(pc, i)
                if known is not None:
                    block.target = known
                    block.end = End.CALL if i.rd in LINKS else End.JUMP
                elif i.rd in LINKS:
                    block.end = End.INDIRECT_CALL
                elif i.rd == 0 and i.rs1 in LINKS:
                    block.end = End.RETURN
                else:
                    block.end = End.INDIRECT
        if block.end in (End.CALL, End.JUMP):
            block.stub = find_stub(self.image, block.target)
            if block.stub is not None:
                block.end = End.INDIRECT_CALL if block.end is End.CALL else End.INDIRECT
        return block

    def known_target(self, pc: int, i: Instruction) -> int | None:
        """The target of a jalr whose base an auipc right before it computes."""
        before = self.code.get(pc - 4)
        if before is None or before.row.name != "auipc" or before.rd != i.rs1 or i.rs1 == 0:
            return None
        return (pc - 4 + before.imm + i.imm) % (1 << 64) & ~1

    def known(self) -> Code:
        """The instructions that have been found so far."""
        if self._known is None or len(self._known.instructions) != len(self._known.order):
            self._known = Code(self.code)
        return self._known

    def table_targets(self, pc: int) -> tuple[int, ...]:
        return find_targets(self.image, self.known(), pc, self.inside)

    @staticmethod
    def _unfuse(block: Block) -> None:
        """A jalr that control also reaches without the auipc before it goes where its register says."""
        if block.code[-1][1].row.flow is Flow.INDIRECT and len(block.code) == 1:
            block.stub = None
            if block.end is End.CALL:
                block.end = End.INDIRECT_CALL
            elif block.end is End.JUMP:
                block.end = End.INDIRECT

    def graph(self) -> Graph:
        graph = Graph(self.start, self.end, self.entries[0])
        code, ends, leaders = self.code, self.ends, self.leaders
        for leader in sorted(leaders):
            block = Block(leader, cold=bool(self.ran) and leader not in self.ran)
            pc, append = leader, block.code.append
            while (i := code.get(pc)) is not None:
                append((pc, i))
                ended = ends.get(pc)
                pc += i.nbytes
                if ended is not None:
                    block.end, block.target, block.stub = ended.end, ended.target, ended.stub
                    block.next_pc, block.targets = ended.next_pc, ended.targets
                    self._unfuse(block)
                    if block.stub is None and (
                        block.end is End.INDIRECT_CALL or (block.end is End.INDIRECT and not block.targets)
                    ):
                        block.likely = self.calls.get(block.code[-1][0])
                    if block.end is End.INDIRECT and block.targets:
                        tables = find_tables(self.image, self.known(), block.code[-1][0], self.inside)
                        block.vague = not is_certain(tables)
                        block.way = find_way(self.image, tables, block.code)
                    break
                if pc in leaders or pc >= self.end:
                    block.end, block.next_pc = End.FALL, pc
                    break
            else:
                block.next_pc = pc  # OUT: what stands here is not an instruction
            graph.blocks[leader] = block
        return graph


def share_tables(graph: Graph) -> Graph:
    """Give the indirect jumps with the same targets here one block to go through: some functions have hundreds of
    them. It has no code, and a negative number for an address. A jump that only leads elsewhere has no targets, nor has
    one of an interpreter's loop that may lead to any of its parts: that it is the own one is not worth asking."""
    shared: dict[tuple[tuple[int, ...], Table | None], int] = {}
    for block in list(graph.blocks.values()):
        if block.end is End.INDIRECT and block.pc >= 0 and block.targets:
            targets = tuple(pc for pc in block.targets if pc in graph.blocks)
            if not targets or (targets == (graph.entry,) and len(block.targets) >= _MANY_TARGETS):
                graph.blocks[block.pc] = replace(block, targets=())
                continue
            table = block.way.table if block.way is not None else None
            pc = shared.setdefault((targets, table), -1 - len(shared))
            graph.blocks[pc] = Block(pc, end=End.INDIRECT, targets=targets, way=block.way)
            graph.blocks[block.pc] = replace(block, end=End.TABLE, target=pc, targets=())
    return graph


def resumable(graph: Graph, pcs: Sequence[int]) -> Graph:
    """Let `graph` be entered at each of `pcs`, which are blocks of it."""
    resume = tuple(sorted(pcs))
    graph.resume, graph.entry = resume, -resume[0]
    graph.blocks[graph.entry] = Block(graph.entry, end=End.INDIRECT, targets=resume)
    return graph


def close(graph: Graph) -> Graph:
    """Give every call of `graph` a block to return to, if need be one that leaves."""
    for block in list(graph.blocks.values()):
        if block.end in CALLS and block.next_pc not in graph.blocks:
            graph.blocks[block.next_pc] = Block(block.next_pc, next_pc=block.next_pc)
    return graph


def build_graph(
    image: CodeImage,
    start: int,
    end: int,
    *entries: int,
    calls: Mapping[int, int] | None = None,
    ran: Collection[int] = (),
) -> Graph:
    """The graph of the function [start, end), from its start or from `entries` in the middle of it.

    calls: where indirect calls and jumps are likely to go. ran: the instructions that the build saw run, if it looked.
    """
    builder = _Builder(image, start, end, entries or (start,), calls or {}, ran)
    builder.explore()
    return builder.graph()
