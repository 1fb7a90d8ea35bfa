"""LLVM's wasm32 target: the features our modules use, and the passes they go through."""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm

TRIPLE = "wasm32-unknown-unknown"
FEATURES = (
    "bulk-memory",
    "sign-ext",
    "nontrapping-fptoint",
    "mutable-globals",
    "multivalue",
    "simd128",
    "relaxed-simd",
)


def compile_ir(
    text: str,
    *,
    level: int = 2,
    codegen: int = 2,
    inline_threshold: int = 0,
    local: bool = False,
    once: bool = False,
    features: tuple[str, ...] = FEATURES,
) -> bytes:
    """Compile LLVM IR text to a relocatable wasm object (`wasm_object.finish` makes it a module).

    codegen: level of the selection of instructions. 0 takes less than half of the time of 2 and gives wasm of twice
    the size, which runs a fifth slower.
    local: only passes that leave each computation where it is. In an interpreter's loop, what LLVM moves out
    of the loop or merges between handlers is live everywhere, and the host's compiler runs out of registers.
    once: of these, only those that pay: half of the passes' time for 0.3 % of native code.
    """
    machine, module = _optimised(text, level, codegen, inline_threshold, local, once, features)
    return bytes(machine.emit_object(module))


def listing(
    text: str, *, local: bool = False, once: bool = False, features: tuple[str, ...] = FEATURES
) -> tuple[str, str]:
    """LLVM IR text after the passes, and the wasm that comes of it as LLVM writes it, for people to read."""
    machine, module = _optimised(text, 2, 2, 0, local, once, features)
    return str(module), str(machine.emit_assembly(module))


def _optimised(
    text: str,
    level: int,
    codegen: int,
    inline_threshold: int,
    local: bool,
    once: bool,
    features: tuple[str, ...],
) -> tuple[Any, Any]:
    """A target machine, and the module of `text` after the passes: see `compile_ir`."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    # What it reduces are sums of the host's addressing modes; it gives a loop twice the values that live in it.
    llvm.set_option("friscy", "-disable-lsr")
    # The multi-value ABI returns aggregates as results; the default one returns them through a linear
    # memory stack, which must not exist here: all linear memory is the guest's.
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(
        cpu="generic",
        features=",".join("+" + name for name in features),
        opt=codegen,
        abiname="experimental-mv",
    )
    module = llvm.parse_assembly(text)
    module.data_layout = str(machine.target_data)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=level)
    tuning.inlining_threshold = inline_threshold
    tuning.loop_vectorization = tuning.slp_vectorization = False
    tuning.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, tuning)
    passes = _local_passes(once) if local else builder.getModulePassManager()
    passes.run(module, builder)
    return machine, module


def _local_passes(once: bool) -> llvm.ModulePassManager:
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    for _ in range(1 if once else 2):
        passes.add_simplify_cfg_pass()
        passes.add_instruction_combine_pass()
        if not once:
            passes.add_dead_store_elimination_pass()
            passes.add_aggressive_dce_pass()
    passes.add_simplify_cfg_pass()
    passes.add_global_dead_code_eliminate_pass()
    return passes
