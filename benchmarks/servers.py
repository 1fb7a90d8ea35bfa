"""Real servers and their real clients: redis-server with redis-benchmark, nginx with wrk and a large download.

python -m benchmarks.servers

The servers are this machine's own, and Debian's riscv64 packages under qemu-user and on friscy: the bundles of
`tests/servers/friscy.toml`, with translated code, reached by a published port. Each has answered for a while before
it is measured. Needed here: redis-server, redis-tools, nginx, wrk, curl and qemu-user.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import ROOT, BenchmarkError, Measurement, alternate, report, standalone

ROUNDS = 3
BUNDLES, COMMAND = ROOT / "build" / "servers", [sys.executable, "-m", "friscy.cli.main"]
PROGRAMS = ("redis-server", "redis-benchmark", "nginx", "wrk", "curl", "qemu-riscv64")
NATIVE, QEMU, FRISCY = "native", "qemu-riscv64", "friscy"
LARGE_MIB = 100
WARM_UP, REQUESTS, WRK_SECONDS = 3000, 30_000, 3  # a server that has just begun is another matter
START_SECONDS = 60
_NGINX = """worker_processes 1; daemon off; error_log stderr; pid {place}/pid; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000;
  client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
  server {{ listen {port}; root {place}/www; }}
}}
"""


def main() -> None:
    """Measure, print and keep the figures."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise BenchmarkError(f"not on this machine: {', '.join(missing)}")
    build("redis", "nginx")
    with tempfile.TemporaryDirectory(prefix="friscy-servers-") as directory:
        place = Path(directory)
        (place / "www").mkdir()
        (place / "www" / "small").write_bytes(b"x" * 100 + b"\n")
        (place / "www" / "large").write_bytes(os.urandom(1 << 20) * LARGE_MIB)
        files = {
            "redis-server": unpacked("redis", place / "redis"),
            "nginx": unpacked("nginx", place / "nginx"),
        }

        def redis(prefix: Sequence[str], server: str, port: int) -> list[str]:
            return [*prefix, server, "--port", str(port), "--save", "", "--protected-mode", "no"]

        def nginx(prefix: Sequence[str], server: str, port: int) -> list[str]:
            (place / "nginx.conf").write_text(_NGINX.format(place=place, port=port))
            return [*prefix, server, "-c", str(place / "nginx.conf")]

        def contenders(
            argv: Callable[[Sequence[str], str, int], list[str]],
            name: str,
            path: str,
            measure: Callable[[int], float],
        ) -> dict[str, Callable[[], float]]:
            def native() -> float:
                port = free_port()
                with served(argv([], shutil.which(name) or name, port), port):
                    return measure(port)

            def emulated() -> float:
                port = free_port()
                prefix = ["qemu-riscv64", "-L", str(files[name])]
                with served(argv(prefix, f"{files[name]}{path}", port), port):
                    return measure(port)

            def ours() -> float:
                port = free_port()
                bundle = str(BUNDLES / name.removesuffix("-server"))
                run = [*COMMAND, "run", bundle, "-p", f"127.0.0.1:{port}:{port}"]
                run += ["-v", f"{place}:{place}", "--entrypoint", path, "--"]
                with served([*run, *argv([], path, port)[1:]], port):
                    return measure(port)

            return {NATIVE: native, QEMU: emulated, FRISCY: ours}

        for command in ("get", "set"):
            found = alternate(
                contenders(redis, "redis-server", "/usr/bin/redis-server", lambda port, c=command: _redis(port, c)),
                rounds=ROUNDS, unit="requests/s", warm_up=0,
            )  # fmt: skip
            _report(f"servers_redis_{command}", f"redis-benchmark {command.upper()}, 20 clients", found)
        found = alternate(
            contenders(nginx, "nginx", "/usr/sbin/nginx", _wrk), rounds=ROUNDS, unit="requests/s", warm_up=0
        )
        _report("servers_nginx", "nginx, a file of 100 bytes, 16 connections kept", found)
        found = alternate(
            contenders(nginx, "nginx", "/usr/sbin/nginx", _download), rounds=ROUNDS, unit="MiB/s", warm_up=0
        )
        _report("servers_download", f"nginx, a download of {LARGE_MIB} MiB", found)


def build(*names: str) -> None:
    """Bundles of `tests/servers/friscy.toml`."""
    subprocess.run(
        [*COMMAND, "build", "-f", str(ROOT / "tests/servers/friscy.toml"), *names], cwd=ROOT, check=True
    )


def unpacked(name: str, place: Path) -> Path:
    """A bundle's root filesystem as files of this machine."""
    with subprocess.Popen(
        [*COMMAND, "export", str(BUNDLES / name), "--tar", "-"], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
            tar.extractall(place, filter="tar")
    return place


def _report(name: str, title: str, found: dict[str, Measurement]) -> None:
    report(name, title, found, base=QEMU)


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(
    command: Sequence[str], port: int, user: str | None = None, stop: int = signal.SIGTERM
) -> Iterator[None]:
    """A server that answers on a port while the block runs; `stop` ends it.

    BenchmarkError: it ended, or never answered.
    """
    with tempfile.TemporaryFile() as said:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment, user=user
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 5).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        said.seek(0)
                        raise BenchmarkError(
                            f"{command[0]}: {said.read().decode(errors='replace')}"
                        ) from None
                    time.sleep(0.05)
            yield
        finally:
            process.send_signal(stop)
            process.wait(START_SECONDS)


def output(command: Sequence[str], user: str | None = None) -> str:
    """What a client prints. BenchmarkError: it failed."""
    done = subprocess.run(command, capture_output=True, text=True, user=user, cwd="/")
    if done.returncode:
        raise BenchmarkError(f"{command[0]}: {done.stderr or done.stdout}")
    return done.stdout


def figure(pattern: str, text: str) -> float:
    """The number that a client printed."""
    found = re.search(pattern, text)
    if found is None:
        raise BenchmarkError(f"no figure in: {text}")
    return float(found[1])


def _redis(port: int, command: str) -> float:
    def rate(requests: int) -> float:
        argv = ["redis-benchmark", "-p", str(port), "-t", command, "-n", str(requests), "-c", "20", "-q"]
        return figure(r"([\d.]+) requests per second", output(argv))

    rate(WARM_UP)
    return rate(REQUESTS)


def _wrk(port: int) -> float:
    def rate(seconds: int) -> float:
        argv = ["wrk", "-t1", "-c16", f"-d{seconds}s", f"http://127.0.0.1:{port}/small"]
        return figure(r"Requests/sec:\s+([\d.]+)", output(argv))

    rate(1)
    return rate(WRK_SECONDS)


def _download(port: int) -> float:
    argv = ["curl", "-s", "-o", os.devnull, "-w", "%{speed_download}", f"http://127.0.0.1:{port}/large"]
    output(argv)
    return float(output(argv)) / (1 << 20)


if __name__ == "__main__":
    standalone(main)
