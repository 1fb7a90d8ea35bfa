"""Run modules of CPython's own test suite, without the tests that match a pattern, and say what came of them.

    run_tests.py PATTERN MODULE...

A test that wants another process or thread counts as refused, not as failed.
"""

import errno
import re
import sys
import unittest


def select(suite, pattern):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from select(test, pattern)
        elif not re.search(pattern, test.id()):
            yield test


class Result(unittest.TestResult):
    refused = 0

    def addError(self, test, error):
        no_process = isinstance(error[1], BlockingIOError) and error[1].errno == errno.EAGAIN
        if no_process or str(error[1]) == "can't start new thread":
            self.refused += 1
        else:
            super().addError(test, error)


pattern, *names = sys.argv[1:]
for name in names:
    suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{name}")
    result = Result()
    unittest.TestSuite(select(suite, pattern)).run(result)
    print(name, result.testsRun, len(result.skipped), result.refused, flush=True)
    for test, trace in result.failures + result.errors:
        print(f"FAILED {test.id()}\n{trace}")
