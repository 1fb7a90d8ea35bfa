"""The guest's own gcc, Debian's, compiles, assembles and links, and what it made runs."""

from __future__ import annotations

from guest import run
from rootfs import debian

HELLO = b"""\
#include <math.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("hello from %s, %.6f\\n", argv[1], sqrt(argc + atan(1)));
    return 0;
}
"""
SCRIPT = """\
set -e
gcc -O2 -Wall -o hello hello.c -lm
./hello shared
gcc -O0 -g -static -o hello hello.c -lm
./hello static
if gcc -c -o broken.o broken.c 2> errors; then echo accepted; fi
grep -c "error: .*undeclared" errors
"""


def test_compile_link_and_run() -> None:
    files = {"hello.c": (0o100644, HELLO), "broken.c": (0o100644, b"int f(void) { return missing; }\n")}
    outcome = run(debian("gcc"), ("/bin/sh", "-c", SCRIPT), files=files)
    assert outcome.status == 0, outcome
    assert outcome.stdout == b"hello from shared, 1.668951\nhello from static, 1.668951\n1\n"
    assert outcome.stderr == b""
    assert outcome.files["hello"][1].startswith(b"\x7fELF")
