"""What a guest may take, said in friscy.toml and on the command line, and what it can find out of the host."""

from __future__ import annotations

import io
import os
import pwd
import resource
import signal
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from required_tools import require_tool
from run_support import Friscy, environment

SOURCES = Path(__file__).resolve().parents[2] / "guest"
LIMITS = {"memory": "48MiB", "processes": 20, "disk": "2MiB", "cpu-seconds": 2, "ulimits": ["nofile=20:30"]}
OPTIONS = ["-m", "48M", "--pids-limit", "20", "--disk", "2M", "--cpu-time", "2", "--ulimit", "nofile=20:30"]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`free` without limits and `bounded` with all of them, of the same two programs."""
    project = tmp_path_factory.mktemp("limits")
    with tarfile.open(project / "rootfs.tar", "w") as tar:
        for name, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777)):
            member = tarfile.TarInfo(name)
            member.type, member.mode = tarfile.DIRTYPE, mode
            tar.addfile(member)
        for name in ("hogs", "snoop"):
            program = project / name
            compiler = require_tool("riscv64-linux-gnu-gcc")
            subprocess.run(
                [compiler, "-static", "-O1", "-w", "-o", program, SOURCES / f"{name}.c"], check=True
            )
            member = tarfile.TarInfo(f"bin/{name}")
            member.size, member.mode = program.stat().st_size, 0o755
            tar.addfile(member, io.BytesIO(program.read_bytes()))
    text = ""
    for name in ("free", "bounded"):
        text += (
            f'[bundle.{name}]\nimage = "tar:rootfs.tar"\n[bundle.{name}.run]\nentrypoint = ["/bin/hogs"]\n'
        )
        text += f'[bundle.{name}.snapshot]\nat = "none"\n'
    text += "[bundle.bounded.limits]\n" + "".join(f"{key} = {value!r}\n" for key, value in LIMITS.items())
    (project / "friscy.toml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "friscy.cli.main", "build"],
        cwd=project,
        env=environment(),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    return project / "build"


ENDINGS = {
    "forks": (0, "19 children, EAGAIN\nand again 500\n", "the limit of 20 processes is reached"),
    "bomb": (137, "", "the processor time of 2 s is used up: killed the guest"),
    "memory": (137, "", "the memory limit of 48 MiB is reached: killed hogs (process 1)"),
    "child": (0, "signal 9\n", "the memory limit of 48 MiB is reached: killed hogs (process 2)"),
    "shared": (137, "", "the memory limit of 48 MiB is reached: killed hogs (process 1)"),
    "files": (0, "17 more, EMFILE\n", ""),
    "disk": (0, "ENOSPC, below 2 MiB: 0\nwrite(fd, block, sizeof block) = 65536\n", ""),
    "spin": (137, "", "the processor time of 2 s is used up: killed the guest"),
}


@pytest.mark.parametrize("said", ["friscy.toml", "options"])
@pytest.mark.parametrize("hog", ENDINGS)
def test_a_hog_ends_as_under_dockers_limits(friscy: Friscy, bundles: Path, hog: str, said: str) -> None:
    where = [bundles / "bounded"] if said == "friscy.toml" else [bundles / "free", *OPTIONS]
    done = friscy("run", *where, "--", hog)
    status, output, message = ENDINGS[hog]
    assert (done.returncode, done.stdout.decode()) == (status, output), done.stderr.decode()
    assert message in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_guest_that_is_stopped(bundles: Path, number: signal.Signals, status: int) -> None:
    command = [sys.executable, "-m", "friscy.cli.main", "run", str(bundles / "bounded"), "--", "wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(60) == status


def test_a_guest_that_takes_all_descriptors_of_the_hosts_process(bundles: Path) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    command = [
        sys.executable,
        "-m",
        "friscy.cli.main",
        "run",
        str(bundles / "free"),
        "--net",
        "localhost:9/udp",
    ]
    done = subprocess.run(
        [*command, "--", "sockets"], capture_output=True, env=environment(), preexec_fn=few, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, b"failed 1, EMFILE\n"), done.stderr.decode()


def test_a_guest_finds_nothing_of_the_host(friscy: Friscy, bundles: Path, tmp_path: Path) -> None:
    granted = tmp_path / "a-granted-directory"
    granted.mkdir()
    secret = {**environment(), "FRISCY_TEST_SECRET": "the-value-of-a-variable"}
    words = [
        "the-value-of-a-variable", str(tmp_path), str(bundles), sys.executable, os.uname().release,
        Path("/proc/sys/kernel/random/boot_id").read_text().strip(), Path("/proc/version").read_text().strip(),
    ]  # fmt: skip
    for word in (socket.gethostname(), pwd.getpwuid(os.getuid()).pw_dir):
        if len(word) > 5:  # shorter ones are anywhere
            words.append(word)
    for card in Path("/sys/class/net").iterdir():
        if card.name != "lo":
            words.append((card / "address").read_text().strip())
    words.append("/data")  # this one it does find
    shifted = ["".join(chr(ord(letter) + 1) for letter in word) for word in words]
    command = [
        sys.executable,
        "-m",
        "friscy.cli.main",
        "run",
        str(bundles / "free"),
        "-v",
        f"{granted}:/data",
    ]
    done = subprocess.run(
        [*command, "--entrypoint", "/bin/snoop", "--", *shifted], capture_output=True, env=secret, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    said = done.stdout.decode().splitlines()
    found = {line for line in said if " has word " in line}
    assert f"/proc/1/mounts has word {len(words) - 1}" in found
    assert [line for line in found if not line.endswith(f" word {len(words) - 1}")] == []
    assert [line for line in said if line.startswith("process")] == ["process 1"]
    assert "uid 0 parent 0" in said
    assert int(next(line for line in said if line.endswith(" files")).split()[0]) > 50
