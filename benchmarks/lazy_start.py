"""Lazy loading: time to the first output, and bytes fetched, of a 300 MB image behind 3 MB/s and 50 ms of latency.

python -m benchmarks.lazy_start
"""

from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import subjects
from benchmarks.harness import BenchmarkError, alternate, environment, report, standalone
from benchmarks.range_server import RangeServer

BYTES_PER_SECOND = 3e6
LATENCY = 0.05
IMAGE_BYTES = 300_000_000
FILE_BYTES = 1 << 20
ROUNDS = 3
SCRIPT = ("--", "-c", "print(1)")
EXPECTED = b"1\n"


def bundle() -> Path:
    """A bundle of the Python image with filler that does not compress, 300 MB to fetch in all; made once."""
    place = subjects.SCRATCH / "lazy"
    context = place / "context"
    context.mkdir(parents=True, exist_ok=True)
    filler = context / "filler.tar"
    if not filler.exists():
        _write_filler(filler, IMAGE_BYTES - _stored(subjects.python_bundle()))
    (context / "Dockerfile").write_text(
        'FROM python\nADD filler.tar /srv\nENTRYPOINT ["python3"]\nCMD ["-c", "print(0)"]\n'
    )
    (place / "friscy.toml").write_text("""\
[bundle.lazy]
dockerfile = "context/Dockerfile"
context = "context"
output = "bundle"
[bundle.lazy.snapshot]
at = "entry"
[images.python]
debian = { suite = "trixie", packages = ["python3", "ca-certificates"] }
""")
    done = subprocess.run(
        [*subjects.FRISCY, "build", "-f", place / "friscy.toml"], capture_output=True, env=environment()
    )
    if done.returncode:
        raise BenchmarkError(f"the bundle cannot be built\n{(done.stdout + done.stderr).decode()[-3000:]}")
    return place / "bundle"


def _stored(bundle: Path) -> int:
    return sum(path.stat().st_size for path in bundle.iterdir())


def _write_filler(path: Path, nbytes: int) -> None:
    draw = random.Random(11)
    partial = path.with_suffix(".partial")
    with tarfile.open(partial, "w") as archive:
        for number in range(nbytes // FILE_BYTES):
            member = tarfile.TarInfo(f"filler/{number:05d}")
            member.size = FILE_BYTES
            archive.addfile(member, io.BytesIO(draw.randbytes(FILE_BYTES)))
    partial.replace(path)


def first_output(command: list[str], cache: str) -> float:
    """Milliseconds from the start of a process to its first output."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**environment(), "FRISCY_CACHE": cache},
    )  # fmt: skip
    assert process.stdout is not None
    said = process.stdout.read(len(EXPECTED))
    elapsed = (time.perf_counter() - start) * 1e3
    rest, errors = process.communicate()
    if process.returncode or said + rest != EXPECTED:
        raise BenchmarkError(f"status {process.returncode}: {errors.decode(errors='replace')}")
    return elapsed


class Contenders:
    """Starts over one server. fetched: bytes of each start, by contender."""

    def __init__(self, server: RangeServer, bundle: Path, native: Path) -> None:
        self.server, self.bundle, self.native = server, bundle, native
        self.fetched: dict[str, list[int]] = {}

    def lazy(self, name: str, *, warm: bool) -> Callable[[], float]:
        """`friscy run URL`, with nothing in the cache but the engine's native code, or with what a first run left."""

        def sample() -> float:
            with self._cache() as cache:
                if warm:
                    first_output(self._run(self.server.url), cache)
                self.server.forget()
                elapsed = first_output(self._run(self.server.url), cache)
                self.fetched.setdefault(name, []).append(self.server.bytes_sent)
            return elapsed

        return sample

    def eager(self, name: str) -> Callable[[], float]:
        """All files fetched one after the other, and then run."""

        def sample() -> float:
            with self._cache() as cache, tempfile.TemporaryDirectory(dir=subjects.SCRATCH) as scratch:
                self.server.forget()
                start = time.perf_counter()
                self._download(Path(scratch))
                downloaded = (time.perf_counter() - start) * 1e3
                elapsed = first_output(self._run(scratch), cache)
                self.fetched.setdefault(name, []).append(self.server.bytes_sent)
            return downloaded + elapsed

        return sample

    def _download(self, target: Path) -> None:
        from lazyfs.http_source import HttpDirectory

        directory = HttpDirectory(self.server.url)
        for path in sorted(self.bundle.iterdir()):
            with open(target / path.name, "wb") as file:
                for block in directory.blocks(path.name):
                    file.write(block)
        directory.close()

    def _run(self, where: str) -> list[str]:
        return [subjects.friscy(), "run", where, *SCRIPT]

    def _cache(self) -> Any:
        """A cache with the engine's native code: what it takes to compile is not what is measured here."""
        scratch = tempfile.TemporaryDirectory(dir=subjects.SCRATCH)
        os.symlink(self.native / "native", Path(scratch.name) / "native")
        return scratch


def main() -> None:
    """Measure and print."""
    made = bundle()
    total = _stored(made)
    native = subjects.SCRATCH / "lazy" / "cache"
    native.mkdir(exist_ok=True)
    first_output([subjects.friscy(), "run", str(made), *SCRIPT], str(native))
    with RangeServer(made, bytes_per_second=BYTES_PER_SECOND, latency=LATENCY) as server:
        contenders = Contenders(server, made, native)
        eager, cold, warm = "eager: download, then run", "lazy: friscy run URL", "lazy: the second time"
        measured = alternate({eager: contenders.eager(eager)}, rounds=1, unit="ms", warm_up=0)
        measured |= alternate(
            {cold: contenders.lazy(cold, warm=False), warm: contenders.lazy(warm, warm=True)},
            rounds=ROUNDS, unit="ms", warm_up=0,
        )  # fmt: skip
    fetched = {name: max(samples) for name, samples in contenders.fetched.items()}
    share = fetched[cold] / total
    report(
        "lazy_start",
        f"First output of python3 -c from an image of {total / 1e6:.0f} MB at 3 MB/s, 50 ms",
        measured,
        base=eager,
        goals={cold: ("<=", 0.1)},
        extra={
            "image bytes": total,
            "bytes fetched": fetched,
            "share fetched": share,
            "goal of the share": 0.08,
        },
    )
    for name, nbytes in fetched.items():
        print(f"{name}: {nbytes / 1e6:.2f} MB fetched, {nbytes / total:.2%} of the image")
    if share > 0.08:
        raise BenchmarkError(f"{share:.2%} of the image was fetched; the goal is 8 %")


if __name__ == "__main__":
    standalone(main)
