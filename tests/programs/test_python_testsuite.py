"""Part of CPython's own test suite: every test that needs neither a second process nor minutes passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest import run
from rootfs import debian

SCRIPT = Path(__file__).parent / "python" / "run_tests.py"
# Left out: what takes tens of seconds under qemu-user too.
SLOW = "testFsum|testRemainder|testDist|testIsqrt|sumprod|StructTest.test_integers"


@pytest.mark.parametrize(
    "expected",
    [
        {"test_float": 50, "test_cmath": 33, "test_complex": 35, "test_math": 70},
        {"test_struct": 34, "test_binascii": 93, "test_fileio": 97, "test_tempfile": 118},
    ],
    ids=["numbers", "data"],
)
def test_modules(expected: dict[str, int]) -> None:
    """expected: the tests of each module that run at least, skipped ones too."""
    files = {"run_tests.py": (0o100644, SCRIPT.read_bytes())}
    outcome = run(debian("testsuite"), ("/usr/bin/python3", "run_tests.py", SLOW, *expected), files=files)
    assert outcome.status == 0, outcome
    report = outcome.stdout.decode()
    assert "FAILED" not in report, report
    counts = {name: (int(ran), int(refused)) for name, ran, _, refused in map(str.split, report.splitlines())}
    assert counts.keys() == expected.keys()
    for name, (ran, refused) in counts.items():
        assert ran >= expected[name], report
        assert refused <= 5, report
