"""WebAssembly's binary format: what is written of it, and opcodes by name."""
