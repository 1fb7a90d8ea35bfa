"""`friscy run` from object stores, `s3://` and `gs://`, over servers of their protocols on loopback.

python tests/conformance/stores.py            # fails where something passed before
python tests/conformance/stores.py --accept   # keep what came out

s3fs, gcsfs, moto and gcp-storage-emulator are no dependencies of friscy: they are installed into an environment below
build/ that sees this one's packages.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent)]

from results import conclude  # noqa: E402
from rootfs import debian  # noqa: E402

from friscy_build.fingerprint import ROOT  # noqa: E402

RESULTS = HERE / "results" / "stores.json"
PACKAGES = ("s3fs==2026.9.0", "moto[server]==5.2.5", "gcsfs==2026.10.1", "gcp-storage-emulator==2026.7.19")
ABOUT = {"suite": "object stores", "packages": " ".join(PACKAGES)}
PLACE = ROOT / "build" / "stores"

# What each kind of store takes: the server's command, and the variables its clients read.
SERVERS = {
    "s3": ("moto_server", "-H", "127.0.0.1", "-p", "{port}"),
    "gs": ("gcp-storage-emulator", "start", "--host", "127.0.0.1", "--port", "{port}", "--in-memory"),
}  # fmt: skip
CLIENTS = {
    "s3": {"AWS_ENDPOINT_URL": "http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "name", "AWS_SECRET_ACCESS_KEY": "key",
           "AWS_DEFAULT_REGION": "us-east-1"},
    "gs": {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:{port}", "FSSPEC_GS_TOKEN": "anon",
           "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false"},
}  # fmt: skip
# Puts the files of a directory below a URL.
UPLOAD = """
import fsspec, pathlib, sys
fs, path = fsspec.core.url_to_fs(sys.argv[2])
fs.mkdir(path.partition("/")[0])
for each in pathlib.Path(sys.argv[1]).iterdir():
    fs.pipe_file(path + "/" + each.name, each.read_bytes())
"""


def environment() -> Path:
    """The directory of programs of an environment with the stores' packages and this one's."""
    programs = PLACE / "venv" / "bin"
    done = PLACE / "venv" / ABOUT["packages"].replace("/", "_")
    if not done.exists():
        venv.create(PLACE / "venv", with_pip=True, clear=True)
        site = next((PLACE / "venv" / "lib").iterdir()) / "site-packages"
        (site / "friscy.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
        subprocess.run([programs / "python", "-m", "pip", "install", "-q", *PACKAGES], check=True)
        done.touch()
    return programs


@contextmanager
def served(scheme: str, programs: Path) -> Iterator[dict[str, str]]:
    """A server for `scheme`; the variables that lead its clients there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(programs / SERVERS[scheme][0]), *(word.format(port=port) for word in SERVERS[scheme][1:])]
    variables = {name: value.format(port=port) for name, value in CLIENTS[scheme].items()}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(300):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield variables
        finally:
            process.terminate()


def statuses(programs: Path) -> Iterator[tuple[str, str]]:
    """For each store: a bundle is run and looked at from there, and one that is not there is said."""
    bundle = debian("static").bundle
    words = ("--entrypoint", "/usr/bin/busybox", "--", "echo", "out of a store")
    for scheme in SERVERS:
        with served(scheme, programs) as variables, tempfile.TemporaryDirectory() as cache:
            variables = {**os.environ, **variables, "FRISCY_CACHE": cache}
            url = f"{scheme}://images/a/bundle"

            def friscy(*arguments: str, env: dict[str, str] = variables) -> subprocess.CompletedProcess[str]:
                command = [programs / "python", "-m", "friscy.cli.main", *arguments]
                return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

            subprocess.run([programs / "python", "-c", UPLOAD, bundle, url], env=variables, check=True)
            first = friscy("run", url, *words)
            yield f"{scheme}: run", "pass" if first.stdout == "out of a store\n" else f"fail: {first.stderr}"
            shown = friscy("inspect", url, "/usr/bin")
            yield f"{scheme}: inspect", "pass" if "busybox" in shown.stdout else f"fail: {shown.stderr}"
            absent = friscy("run", f"{scheme}://images/nothing/here", *words)
            said = (
                absent.returncode == 2 and "not found" in absent.stderr and "Traceback" not in absent.stderr
            )
            yield f"{scheme}: not there", "pass" if said else f"fail: {absent.stderr}"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accept", action="store_true", help="keep the results")
    options = parser.parse_args()
    found = dict(statuses(environment()))
    for name, status in found.items():
        print(f"{name:16} {status}")
    return conclude(RESULTS, ABOUT, found, accept=options.accept)


if __name__ == "__main__":
    sys.exit(main())
