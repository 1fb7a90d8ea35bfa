"""Runs in the guest: one class of CPython's test suite, or the list of all.

python_tests.py list MODULE...      the id of every test, one a line
python_tests.py run CLASS           `RESULT id status` after each test
"""

import sys
import unittest

from test import support

support.use_resources = []  # no network, no large files, nothing that takes minutes


def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


class Result(unittest.TestResult):
    """Says after each test how it ended; a failure's trace goes to standard error."""

    def startTest(self, test):
        super().startTest(test)
        self.status = "pass"

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._bad(test, self.failures[-1][1])

    def addError(self, test, error):
        super().addError(test, error)
        self._bad(test, self.errors[-1][1])
        if not hasattr(test, "_testMethodName"):  # setUpClass or setUpModule
            print(f"RESULT {test.id()} fail", flush=True)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._bad(subtest, "in a subtest")
            print(self.failures[-1][1] if self.failures else error, file=sys.stderr, flush=True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.status = "skip"
        if not getattr(test, "_testMethodName", ""):
            print(f"SKIPPED {test.id()}: {reason}", file=sys.stderr, flush=True)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.status = "fail"

    def stopTest(self, test):
        super().stopTest(test)
        print(f"RESULT {test.id()} {self.status}", flush=True)

    def _bad(self, test, trace):
        self.status = "fail"
        print(f"FAILED {test.id()}\n{trace}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    command, *names = sys.argv[1:]
    loaded = unittest.defaultTestLoader.loadTestsFromNames([f"test.{name}" for name in names])
    if command == "list":
        for test in each(loaded):
            print(test.id())
    else:
        unittest.TestSuite(loaded).run(Result())
