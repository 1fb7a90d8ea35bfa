"""What translated modules import beside memory and table: the system call, and functions that the interpreter's module
exports, for what is rare or the same everywhere.

All modules import all of it, in this order, so that a function's number is known when an instruction is written.
"""

from __future__ import annotations

from friscy_build.aot import strings
from friscy_build.isa import softfloat_convert as convert
from friscy_build.isa import softfloat_exact as exact
from friscy_build.isa.value import Helper
from friscy_build.llvm.trace import Module, result_type
from friscy_build.wasm.binary import I32, I64, Signature

SYSCALL = "syscall"

_HELPERS: tuple[Helper, ...] = (
    exact.float_add,
    exact.float_divide,
    exact.float_fma,
    exact.float_multiply,
    exact.float_sqrt,
    convert.float_to_int,
    convert.float_from_int,
    convert.float_widen,
    convert.float_narrow,
)
_ARGUMENTS = dict(sorted((each.body, each.nargs) for each in strings.ROUTINES.values()))


def _type(width: int) -> int:
    return I64 if width > 32 else I32


def _signature(helper: Helper) -> Signature:
    return bytes(map(_type, helper.params)), bytes(map(_type, helper.results))


# By name; what is not SYSCALL comes from the interpreter's module.
IMPORTS: dict[str, Signature] = {
    SYSCALL: (b"", b""),
    **{helper.name: _signature(helper) for helper in _HELPERS},
    **{body: (bytes([I64] * nargs), bytes([I64])) for body, nargs in _ARGUMENTS.items()},
}
_INDEX = {name: k for k, name in enumerate(IMPORTS)}


def runtime_index(name: str) -> int:
    """The function index that `name` has in every translated module."""
    return _INDEX[name]


EXPORTS = tuple(name for name in IMPORTS if name != SYSCALL)  # of the interpreter's module


def symbol(name: str) -> str:
    """The LLVM function that is exported as `name`."""
    return name if name in _ARGUMENTS else f"export_{name}"


def emit_runtime(module: Module) -> None:
    """Add the exported functions to the interpreter's module."""
    for helper in _HELPERS:
        params = [(f"a{k}", max(width, 32)) for k, width in enumerate(helper.params)]
        f = module.function(symbol(helper.name), result_type(helper.results), params)
        arguments = [a.trunc(width) for a, width in zip(f.arguments, helper.params, strict=True)]
        f.give(f.call(helper, *arguments))
        f.finish()
    for body in _ARGUMENTS:
        strings.add_body(module, body)
