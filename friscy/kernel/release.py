"""Which Linux the guest is told it runs on: uname(2), /proc/version and /proc/sys/kernel say the same."""

from __future__ import annotations

from typing import Final

SYSNAME: Final = b"Linux"
RELEASE: Final = b"6.12.0-friscy"
VERSION: Final = b"#1 SMP PREEMPT_DYNAMIC friscy"
MACHINE: Final = b"riscv64"
ISA: Final = b"rv64imafdc_zicntr_zicsr_zifencei"
