"""From traced semantics to WebAssembly: LLVM IR as text, LLVM's own wasm32 backend, and no linker."""
