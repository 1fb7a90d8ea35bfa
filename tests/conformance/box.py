"""One riscv64 program under qemu-user in namespaces of its own, as root of a small world: the recorder's side.

    python box.py '{"argv": ["/bin/true"], "env": {}, "cwd": "/tmp", "root": "/tree", "mounts": {"/opt/ltp": "/host"}}'

The program is root in a user namespace whose ids are nobody's on the host, with its own mounts, processes, network and
host name. `root` is copied into a tmpfs, `mounts` are shown in it read-only. Programs it starts are emulated too:
binfmt_misc has been per user namespace since Linux 6.7. Ends with the program's status, 128 + n after signal n.
Must be started by root, who alone can map a range of ids without help.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

FIRST_ID, ID_COUNT = 1_000_000, 65_536  # host ids that stand for the box's 0 .. 65535
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 1, 32, 4096, 16384, 1 << 18, 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, CAP_SYS_RESOURCE = 1, 24, 24
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
MASK = b"\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00" + b"\\xff" * 8 + b"\\xfe\\xff\\xff\\xff"
MAGIC = b"\\x7fELF\\x02\\x01\\x01\\x00" + b"\\x00" * 8 + b"\\x02\\x00\\xf3\\x00"

_libc = ctypes.CDLL(None, use_errno=True)


def _unshare(flags: int) -> None:
    if _libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")


def _mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    words = (source.encode(), os.fsencode(target), kind.encode() or None, flags, options.encode() or None)
    if _libc.mount(*words):
        raise OSError(ctypes.get_errno(), "mount", str(target))


def _libraries(program: str) -> list[str]:
    """What a program of the host is linked with, and its dynamic linker."""
    told = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return [word for line in told.splitlines() for word in line.split() if word.startswith("/")]


def _make_root(root: Path, job: dict[str, Any]) -> None:
    """Lay out the tmpfs while we are still root of the host."""
    _mount("none", root, "tmpfs", options="mode=755")
    subprocess.run(["cp", "-a", f"{job['root']}/.", str(root)], check=True)
    for library in _libraries(job["emulator"]):
        place = root / library[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)
    for path, target in job.get("links", {}).items():
        (root / path[1:]).symlink_to(target)
    subprocess.run(["chown", "-Rh", f"{FIRST_ID}:{FIRST_ID}", str(root)], check=True)
    for name in ("dev", "dev/shm", "dev/pts", "proc", "sys", "tmp", "binfmt"):
        place = root / name
        place.mkdir(exist_ok=True)
        os.chown(place, FIRST_ID, FIRST_ID)
    (root / "tmp").chmod(0o1777)
    for name in DEVICES:
        (root / "dev" / name).touch()
        _mount(f"/dev/{name}", root / "dev" / name, flags=MS_BIND)
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    for name, target in {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        (root / "dev" / name).symlink_to(target)
    for guest, host in job.get("mounts", {}).items():
        place = root / guest[1:]
        place.mkdir(parents=True, exist_ok=True)
        _mount(host, place, flags=MS_BIND)
        _mount("none", place, flags=MS_REMOUNT | MS_BIND | MS_RDONLY)


def _register(root: Path, emulator: str) -> None:
    """Let the kernel start riscv64 programs by the emulator.

    F: it is opened now, from outside the new root. P: argv[0] stays as it is, which busybox goes by.
    """
    _mount("none", root / "binfmt", "binfmt_misc")
    rule = b":riscv64:M::" + MAGIC + b":" + MASK + b":" + os.fsencode(emulator) + b":FP"
    (root / "binfmt/register").write_bytes(rule)  # the rules live as long as the mount


def _inside(root: Path, job: dict[str, Any]) -> NoReturn:
    """Process 1 of the box: the rest of the mounts, then the program."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _register(root, job["emulator"])
    _mount("none", root / "proc", "proc")
    _mount("none", root / "sys", "sysfs")
    _mount("none", root / "dev/shm", "tmpfs", options="mode=1777")
    _mount("none", root / "dev/pts", "devpts", options="newinstance,ptmxmode=666")
    _mount("none", root / "tmp", "tmpfs", options="mode=1777")
    socket.sethostname("box")
    _libc.prctl(
        PR_CAPBSET_DROP, CAP_SYS_RESOURCE
    )  # the host heeds only its own: better none than a hollow one
    os.chroot(root)
    os.chdir(job["cwd"])
    os.umask(0o022)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.execve(job["argv"][0], job["argv"], job["env"])
    while True:
        ended, status = os.wait()
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def main(job: dict[str, Any]) -> int:
    """Run `job`; the program's status."""
    _unshare(CLONE_NEWNS)
    _mount("none", Path("/"), flags=MS_PRIVATE | MS_REC)
    root = Path("/tmp") / f"friscy-box-{os.getpid()}"
    root.mkdir()
    try:
        _make_root(root, job)
        return _in_namespaces(root, job)
    finally:
        _libc.umount2(os.fsencode(root), MNT_DETACH)
        root.rmdir()


def _in_namespaces(root: Path, job: dict[str, Any]) -> int:
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC)
        os.write(ready[1], b"x")
        os.read(go[0], 1)
        os.setgroups([])
        os.setgid(0)
        os.setuid(0)
        if (first := os.fork()) == 0:
            for fd in (*ready, *go):
                os.close(fd)
            try:
                _inside(root, job)
            except BaseException:
                traceback.print_exc()
                os._exit(125)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) & 0xFF)
    os.read(ready[0], 1)
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{child}/{name}").write_text(f"0 {FIRST_ID} {ID_COUNT}\n")
    os.write(go[1], b"x")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    words = json.loads(sys.argv[1])
    words.setdefault("emulator", shutil.which("qemu-riscv64"))
    sys.exit(main(words))
