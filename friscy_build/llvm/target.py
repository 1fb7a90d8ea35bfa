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


def compile_ir(text: str, *, level: int = 2, inline_threshold: int = 0) -> bytes:
    """Compile LLVM IR text to a relocatable wasm object (`wasm_object.finish` makes it a module)."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    # The multi-value ABI returns aggregates as results; the default one returns them through a linear
    # memory stack, which must not exist here: all linear memory is the guest's.
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(
        cpu="generic",
        features=",".join("+" + name for name in FEATURES),
        opt=level,
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
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))
