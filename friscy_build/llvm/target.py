"""LLVM's wasm32 target: the features our modules use, and the passes they go through."""

from __future__ import annotations

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


def compile_ir(text: str, *, local: bool = False, features: tuple[str, ...] = FEATURES) -> bytes:
    """Compile LLVM IR text to a relocatable wasm object (`wasm_object.finish` makes it a module).

    local: only passes that leave each computation where it is. In an interpreter's loop, what LLVM moves out
    of the loop or merges between handlers is live everywhere, and the host's compiler runs out of registers.
    """
    machine = _machine(features)
    # What it reduces are sums of the host's addressing modes; it gives a loop twice the values that live in it.
    llvm.set_option("friscy", "-disable-lsr")
    module = llvm.parse_assembly(text)
    module.data_layout = str(machine.target_data)
    _run(module, machine, _local_passes() if local else None)
    return bytes(machine.emit_object(module))


def optimized(text: str) -> llvm.ModuleRef:
    """LLVM IR text after the same passes, with the data layout that it tells."""
    module = llvm.parse_assembly(text)
    _run(module, _machine(FEATURES))
    return module


def _machine(features: tuple[str, ...]) -> llvm.TargetMachine:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    # The multi-value ABI returns aggregates as results; the default one returns them through a linear
    # memory stack, which must not exist here: all linear memory is the guest's.
    return llvm.Target.from_triple(TRIPLE).create_target_machine(
        cpu="generic",
        features=",".join("+" + name for name in features),
        opt=2,
        abiname="experimental-mv",
    )


def _run(
    module: llvm.ModuleRef, machine: llvm.TargetMachine, passes: llvm.ModulePassManager | None = None
) -> None:
    """Verify a module and run passes over it; None: those of -O2, but for what makes code larger."""
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    tuning.inlining_threshold = 0
    tuning.loop_vectorization = tuning.slp_vectorization = False
    tuning.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, tuning)
    (passes or builder.getModulePassManager()).run(module, builder)


def _local_passes() -> llvm.ModulePassManager:
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    for _ in range(2):
        passes.add_simplify_cfg_pass()
        passes.add_instruction_combine_pass()
        passes.add_dead_store_elimination_pass()
        passes.add_aggressive_dce_pass()
    passes.add_simplify_cfg_pass()
    passes.add_global_dead_code_eliminate_pass()
    return passes
