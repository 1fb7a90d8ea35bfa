"""The runtime: a riscv64 Linux user-mode machine on WebAssembly."""
