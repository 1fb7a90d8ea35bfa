"""Run a conformance suite and compare with the results that are kept.

python tests/conformance/run.py ltp                # on friscy; fails where something passed before
python tests/conformance/run.py ltp --only 'mmap*' # some of it
python tests/conformance/run.py ltp --accept       # keep what came out
python tests/conformance/run.py ltp --side qemu-user --accept
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent)]

import cpython  # noqa: E402
import cpython_network  # noqa: E402
import libc  # noqa: E402
import ltp  # noqa: E402
from results import Results  # noqa: E402
from runner import Friscy, Job, Outcome, Qemu, run_all  # noqa: E402

from friscy_build.fingerprint import ROOT  # noqa: E402

SUITES = {"ltp": ltp, "cpython": cpython, "cpython_network": cpython_network, "libc": libc}
SIDES = {"friscy": Friscy, "qemu-user": Qemu}


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--only", metavar="PATTERN", action="append", help="names of tests, with * and ?")
    parser.add_argument("--status", metavar="STATUS", help="only tests whose kept status is this")
    parser.add_argument("--side", choices=SIDES, default="friscy")
    parser.add_argument("--accept", action="store_true", help="keep the results")
    parser.add_argument("--parallel", type=int, default=1, metavar="N")
    options = parser.parse_args()
    suite, kept = SUITES[options.suite], Results.load(HERE / "results" / f"{options.suite}.json")
    jobs = suite.jobs()
    if options.only:
        jobs = [job for job in jobs if any(fnmatch(job.name, pattern) for pattern in options.only)]
    if options.status:
        known = {name for name, status in kept.of(options.side).items() if status == options.status}
        jobs = [job for job in jobs if known.intersection(job.expected or (job.name,))]
    outputs = ROOT / "build" / "conformance" / options.suite
    found: dict[str, str] = {}
    started = time.monotonic()
    run_some(jobs, suite, options, outputs, found)
    worse = {name for name in found if kept.of(options.side).get(name) == "pass" != found[name]}
    again = [job for job in jobs if worse.intersection(job.expected or (job.name,))]
    if again and len(again) < 50:  # a busy machine may have been too slow: each alone
        print(f"once more, alone: {' '.join(job.name for job in again)}")
        options.parallel = 1
        run_some(again, suite, options, outputs, found)
    regressions, news = kept.regressions(options.side, found), kept.news(options.side, found)
    print(f"\n{len(found)} tests in {time.monotonic() - started:.0f} s; what they wrote: {outputs}")
    for line in news:
        print(f"  {line}")
    if options.accept:
        kept = Results.load(kept.path)  # as it is by now: the other side may have been recorded meanwhile
        kept.about = suite.ABOUT
        kept.update(options.side, found)
        kept.save()
    print(kept.summary())
    if regressions:
        print("passed before:", *regressions, sep="\n  ")
    return 1 if regressions and not options.accept else 0


def run_some(
    jobs: list[Job], suite: object, options: argparse.Namespace, outputs: Path, found: dict[str, str]
) -> None:
    """Run `jobs` and put their statuses into `found`, a line for each on standard output."""
    for number, outcome in enumerate(run_all(jobs, SIDES[options.side], outputs, options.parallel), 1):
        statuses = suite.statuses(outcome)  # type: ignore[attr-defined]
        found.update(statuses)
        counts = Counter(statuses.values())
        shown = " ".join(
            f"{count} {status}" if len(statuses) > 1 else status for status, count in counts.items()
        )
        print(f"{number:4}/{len(jobs)} {outcome.job.name:32} {shown:8} {outcome.seconds:6.2f} s", flush=True)
        note(outcome, outputs)


def note(outcome: Outcome, outputs: Path) -> None:
    """Keep beside the output what our own side had to say."""
    text = "".join(f"{line}\n" for line in outcome.log) + outcome.error
    path = outputs / f"{outcome.job.name}.log"
    if text:
        path.write_text(text)
    elif path.exists():
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
