"""The LLVM IR of guest functions is valid, and does what the oracle does where this machine runs it."""

from __future__ import annotations

import ctypes
import random
import re

import llvmlite.binding as llvm
import pytest

from friscy_build.aot.entrances import with_single_entrances
from friscy_build.aot.graph import Block, End, Graph, copied_from
from friscy_build.isa.decode import Instruction, decode
from friscy_build.isa.disasm import F_NAMES, X_NAMES
from friscy_build.isa.evaluate import Evaluator, Memory
from friscy_build.isa.row import Flow, Row
from friscy_build.isa.rows import BY_NAME, ROWS
from friscy_build.translation.ir import GLOBALS, ir_listing, ir_name, raw_ir

CODE = 0x2_0000
LOADS = ("lb", "lbu", "lh", "lhu", "lw", "lwu", "ld", "sb", "sh", "sw", "sd", "flw", "fsw", "fld", "fsd")
PLAIN = tuple(row for row in ROWS if row.flow is Flow.NONE and row.extension in ("I", "M", "Zba", "Zbb", "Zbs"))
PLAIN = tuple(row for row in PLAIN if row.name not in LOADS)
FUSED = ("fmadd", "fmsub", "fnmadd", "fnmsub")  # this machine has none of WebAssembly's
FLOATS = tuple(
    row for row in ROWS
    if row.flow is Flow.NONE and row.extension in ("F", "D") and row.name.partition(".")[0] not in (*FUSED, *LOADS)
)  # fmt: skip
BRANCHES = ("beq", "bne", "blt", "bge", "bltu", "bgeu")


def random_word(rng: random.Random, row: Row) -> int:
    while True:
        word = row.match | rng.getrandbits(8 * row.nbytes) & ~row.mask & (1 << 8 * row.nbytes) - 1
        if row.matches(word) and row.operands(word).get("rm", 0) not in (5, 6):
            return word


def function(*words: int) -> Graph:
    """A function of these instructions, each branch the end of a block; it returns behind them."""
    code, pc = list[tuple[int, Instruction]](), CODE
    for word in words:
        i = decode(word)
        assert i is not None
        code.append((pc, i))
        pc += i.nbytes
    graph = Graph(CODE, pc, CODE, blocks={})
    ways = ((at, i) for at, i in code if i.row.flow is Flow.BRANCH)
    starts = sorted({CODE, pc, *(at + step for at, i in ways for step in (i.imm, i.nbytes))})
    for start, end in zip(starts, [*starts[1:], pc + 1], strict=True):
        block = graph.blocks[start] = Block(start, [item for item in code if start <= item[0] < end])
        block.next_pc, block.end = end, End.RETURN if start == pc else End.FALL
        if block.code and block.code[-1][1].row.flow is Flow.BRANCH:
            block.end, block.target = End.BRANCH, block.code[-1][0] + block.code[-1][1].imm
    return graph


class Host:
    """Runs a function here. Registers by their names."""

    def __init__(self, graph: Graph) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        text = re.sub(r"^target .*\n", "", raw_ir(graph, "test"), flags=re.MULTILINE)
        self._module = llvm.parse_assembly(text)
        self._module.verify()
        # Compiled code wants to know where it is; none of these programs traps.
        self._trap = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_int64)(lambda cause, value: None)
        llvm.add_symbol("trap", ctypes.cast(self._trap, ctypes.c_void_p).value)
        machine = llvm.Target.from_default_triple().create_target_machine()
        self._engine = llvm.create_mcjit_compiler(self._module, machine)
        self.registers = {}
        for name in GLOBALS:
            self.registers[name] = ctypes.c_uint64()
            variable = self._module.get_global_variable(name)
            self._engine.add_global_mapping(variable, ctypes.addressof(self.registers[name]))
        self._engine.finalize_object()

    def run(self) -> None:
        ctypes.CFUNCTYPE(None)(self._engine.get_function_address(ir_name("test")))()


def both(words: list[int], rng: random.Random) -> None:
    """Run them here and by the oracle, from the same registers."""
    graph = function(*words)
    memory = Memory()
    memory.write(CODE, b"".join(word.to_bytes(decode(word).nbytes, "little") for word in words))  # type: ignore[union-attr]
    oracle, host = Evaluator(memory, CODE), Host(graph)
    oracle.fcsr_register = rng.choice((0, 1, 0x21, 0x61))
    host.registers["fcsr"].value = oracle.fcsr_register
    for k in range(32):
        oracle.x_registers[k] = rng.getrandbits(rng.choice((3, 32, 64))) if k else 0
        single = (1 << 32) - 1 << 32 | rng.getrandbits(32)
        oracle.f_registers[k] = rng.choice((0x3FF0 << 48, rng.getrandbits(64), single))
        if k:
            host.registers[X_NAMES[k]].value = oracle.x_registers[k]
        host.registers[F_NAMES[k]].value = oracle.f_registers[k]
    while oracle.at != graph.end:
        oracle.step()
    host.run()
    assert [host.registers[name].value for name in X_NAMES[1:]] == oracle.x_registers[1:]
    assert [host.registers[name].value for name in F_NAMES] == oracle.f_registers
    assert host.registers["fcsr"].value == oracle.fcsr_register


@pytest.mark.parametrize("seed", range(6))
def test_it_does_what_the_oracle_does(seed: int) -> None:
    """Computations of both kinds, and branches forwards."""
    rng = random.Random(seed)
    words = [random_word(rng, rng.choice(PLAIN + FLOATS)) for _ in range(60)]
    for at in range(5, 60, 7):
        nbytes = [decode(word).nbytes for word in words]  # type: ignore[union-attr]
        nbytes[at] = 4
        distance = sum(nbytes[at : at + rng.randrange(1, 6)])
        words[at] = BY_NAME[rng.choice(BRANCHES)].encode(rs1=rng.randrange(3), rs2=rng.randrange(32), imm=distance)
    both(words, rng)


def test_a_loop() -> None:
    add = BY_NAME["add"].encode(rd=10, rs1=10, rs2=11)
    step = BY_NAME["addi"].encode(rd=11, rs1=11, imm=-1)
    words = [
        BY_NAME["andi"].encode(rd=11, rs1=11, imm=31), step, add, step,
        BY_NAME["blt"].encode(rs1=0, rs2=11, imm=-8),
    ]  # fmt: skip
    both(words, random.Random(1))


def test_memory_is_where_addresses_say() -> None:
    data = ctypes.create_string_buffer(bytes(range(16)), 16)
    words = [BY_NAME["lh"].encode(rd=10, rs1=8, imm=1), BY_NAME["sw"].encode(rs1=8, rs2=10, imm=7)]
    host = Host(function(*words))
    host.registers["s0"].value = ctypes.addressof(data)
    host.run()
    assert host.registers["a0"].value == 0x0201
    assert data.raw == bytes([*range(7), 1, 2, 0, 0, *range(11, 16)])


def test_every_way_out_of_a_block_is_valid() -> None:
    i = decode(BY_NAME["jalr"].encode(rd=0, rs1=5, imm=0))
    assert i is not None
    graph = Graph(CODE, CODE + 64, CODE, blocks={})
    ends = [
        (End.CALL, "call void @code_30000()"), (End.INDIRECT_CALL, "call void @call(i64 "), (End.SYSCALL, "@syscall()"),
        (End.TABLE, "store i64"), (End.JUMP, "@go_on_at(i64 196608)"), (End.OUT, "@go_on_at(i64 "),
    ]  # fmt: skip
    for k, (end, _) in enumerate(ends):
        pc = CODE + 4 * k
        graph.blocks[pc] = Block(pc, [(pc, i)], end, pc + 4, -8 if end is End.TABLE else 0x3_0000)
    graph.blocks[-8] = Block(-8, [], End.INDIRECT, targets=(CODE, CODE + 16))
    text = raw_ir(graph, "odd@name")
    llvm.parse_assembly(text).verify()
    assert "define void @guest.odd_name()" in text
    for _, shown in ends:
        assert shown in text
    assert f"i64 {CODE}, label %pc_{CODE:x} i64 {CODE + 16}, label %pc_{CODE + 16:x}" in text


def test_a_listing_is_short_and_has_no_metadata() -> None:
    words = [BY_NAME["addi"].encode(rd=10, rs1=10, imm=1)] * 3
    lines = ir_listing(function(*words), "three")
    assert lines == [
        "define void @guest.three() {",
        "entry:",
        "  %v1 = load i64, ptr @a0, align 8",
        "  %v6 = add i64 %v1, 3",
        "  store i64 %v6, ptr @a0, align 8",
        "  ret void",
        "}",
    ]


def test_a_copied_block_is_named_by_its_address() -> None:
    """A loop of two blocks that is entered at either: the shorter one is there twice."""
    add, back = BY_NAME["addi"], BY_NAME["bne"]
    step = add.encode(rd=10, rs1=10, imm=1)
    into = BY_NAME["beq"].encode(rs1=10, rs2=11, imm=12)
    graph = function(into, step, step, step, back.encode(rs1=10, rs2=12, imm=-12))
    copied = with_single_entrances(graph)
    text = raw_ir(copied, "test")
    assert [label for label in re.findall(r"(?m)^(pc_\w+):", text) if "copy" in label] == [f"pc_{CODE + 12:x}_copy_2"]
    assert {name for name in map(copied_from, copied.blocks) if name[1]} == {(CODE + 12, 2)}
    for start in (3, 10):
        outcomes = []
        for each in (graph, copied):
            host = Host(each)
            for name, value in (("a0", start), ("a1", 3), ("a2", 40)):
                host.registers[name].value = value
            host.run()
            outcomes.append({name: register.value for name, register in host.registers.items()})
        assert outcomes[0] == outcomes[1]
        assert outcomes[0]["a0"] == 40
