"""The kernel: a user-mode Linux for riscv64."""
