"""Translation: guest instructions a second for each core, memory, and the size of what comes of whole files.

python -m benchmarks.translation_speed

Debian's python3.13, and libnode with its 28 MB of code, are translated as `scope = "all"` does it, each in a process
that has no workers: from the file's bytes to the modules', functions found, what passes between them solved, and all
written. The rate is for a second of that process's CPU time. wasmtime compiles what came of python3.13.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from benchmarks import subjects
from benchmarks.harness import BenchmarkError, Command, Measurement, keep_summary, report, run, standalone
from friscy.kernel import elf
from friscy.kernel.memory.areas import PLACE_START
from friscy.machine.engine import make_engine
from friscy_build.aot.discover import Functions
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan, translate_units

PACKAGES = ("python3", "nodejs")
GOAL = 25_000  # instructions a second
LIMIT_MB = 2048.0  # that a translating process may take, however large the file
WORKER, COMPILING = "--in-this-process", "--compile"


@dataclass(frozen=True)
class Subject:
    """A file of the Debian packages. compiled: whether wasmtime compiles its modules too, which takes as long again."""

    path: str
    rounds: int
    compiled: bool = False


SUBJECTS = {
    "python3.13": Subject("usr/bin/python3.13", 3, compiled=True),
    "libnode": Subject("usr/lib/riscv64-linux-gnu/libnode.so.*", 1),
}


def main() -> None:
    """Translate the files, print and keep the figures."""
    root = subjects.debian_files("translated", PACKAGES)
    facts = {name: _facts(root, subject) for name, subject in SUBJECTS.items()}
    for key, title, unit, limit in (
        ("rate", "instructions a second of CPU time", "1/s", (">=", GOAL)),
        ("peak_mb", "peak resident set", "MB", ("<=", LIMIT_MB)),
    ):
        measured = {
            name: Measurement(name, unit, [each[key] for each in rounds]) for name, rounds in facts.items()
        }
        report(
            f"translation_{key.partition('_')[0]}",
            f"Translating whole files: {title}",
            measured,
            base=next(iter(SUBJECTS)),
            limits=dict.fromkeys(SUBJECTS, limit),
        )
    _summary({name: each[-1] for name, each in facts.items()})


def _facts(root: Path, subject: Subject) -> list[dict[str, Any]]:
    """What was found out of a file, by round; in the last one wasmtime compiles."""
    path = max(root.glob(subject.path), default=None)
    if path is None:
        raise BenchmarkError(f"the Debian packages hold no {subject.path}")
    found = []
    for number in range(1, subject.rounds + 1):
        command: Command = [sys.executable, "-m", "benchmarks.translation_speed", WORKER, path]
        if subject.compiled and number == subject.rounds:
            command = [*command, COMPILING]
        found.append(json.loads(run(command).output))
    return found


def _summary(facts: dict[str, dict[str, Any]]) -> None:
    print(f"\n{'':<12}{'instructions':>14}{'CPU s':>8}{'modules':>9}   for each instruction: bytes of")
    for name, each in facts.items():
        native = f", {each['native_bytes']:.0f} of native code" if "native_bytes" in each else ""
        print(
            f"{name:<12}{each['instructions']:>14,}{each['seconds']:>8.1f}{each['modules']:>9}"
            f"   {each['wasm_bytes']:.1f} WebAssembly, of these {each['code_bytes']:.1f} code{native}"
        )
        if "compiled_rate" in each:
            print(f"{'':<12}wasmtime compiles {each['compiled_rate']:,.0f} instructions a second of CPU time")
    keep_summary("translation_speed", {"files": facts, "goal": {"rate": GOAL, "peak_mb": LIMIT_MB}})


def _translated(path: Path, *, compiled: bool) -> dict[str, Any]:
    """Translate a file here, and say what that took; sizes are for one instruction."""
    data = path.read_bytes()
    begin = time.process_time()
    parsed = elf.parse(lambda at, n: data[at : at + n], len(data), path.name)
    base = PLACE_START if parsed.relocatable else None
    functions = Functions(CodeImage(data, base, name=path.name))
    made = translate_units(plan(data, base, name=path.name, functions=functions))
    seconds = time.process_time() - begin
    instructions = sum(each.ninstructions for each in made)
    facts = {
        "instructions": instructions,
        "segment_bytes": sum(end - start for start, end in functions.image.code_ranges),
        "rate": instructions / seconds,
        "seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "modules": len(made),
        "code_bytes": sum(each.code_bytes for each in made) / instructions,
        "wasm_bytes": sum(len(each.wasm) for each in made) / instructions,
    }
    if compiled:
        import wasmtime

        engine = make_engine()
        begin = time.process_time()  # of all the engine's threads
        native = [wasmtime.Module(engine, each.wasm).serialize() for each in made]
        facts["compiled_rate"] = instructions / (time.process_time() - begin)
        facts["native_bytes"] = sum(map(_native_bytes, native)) / instructions
    return facts


def _native_bytes(serialized: bytes | bytearray) -> int:
    """The machine code in a module that wasmtime compiled, which it keeps as an ELF file."""
    section = ELFFile(io.BytesIO(serialized)).get_section_by_name(".text")
    if section is None:
        raise BenchmarkError("wasmtime keeps modules in another form now")
    nbytes: int = section["sh_size"]
    return nbytes


if __name__ == "__main__":
    if sys.argv[1:2] == [WORKER]:
        print(json.dumps(_translated(Path(sys.argv[2]), compiled=COMPILING in sys.argv)))
    else:
        standalone(main)
