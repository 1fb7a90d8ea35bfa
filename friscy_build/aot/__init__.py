"""Ahead-of-time translation: guest functions of an ELF file to WebAssembly functions, through the rows and LLVM."""
