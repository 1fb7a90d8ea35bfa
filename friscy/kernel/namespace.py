"""The mount namespace a guest starts in: its root filesystem with /dev, /proc, /sys, and what the user grants.

k = Kernel(vfs, ...)
attach_providers(k)                                 # a restored machine needs only this
root = build_namespace(k, vfs.new_overlay("rootfs"), mounts=[HostMount("/home/me/data", b"/data")])
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from stat import S_IFREG, S_ISREG
from typing import TYPE_CHECKING, Any

from friscy.kernel.ipc.mqueue_fs import PROVIDER, QueueMaker, mqueue_fs
from friscy.kernel.terminal.opening import DEVICES, TerminalDriver
from lazyfs.abi import MS_NODEV, MS_NOEXEC, MS_NOSUID, O_CREAT, O_RDONLY, O_WRONLY
from lazyfs.errors import LinuxError, UsageError
from lazyfs.inode import FsContext, Location

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from lazyfs.filesystem import FileSystem

SHM_BYTES = 64 << 20
RESOLV_CONF = b"nameserver 127.0.0.11\noptions ndots:0\n"  # friscy.kernel.net.resolver


class HostMount:
    """A directory or file of the host that the user grants to the guest (`-v HOST:GUEST[:ro]`)."""

    __slots__ = ("guest", "host", "readonly")

    def __init__(self, host: str, guest: bytes, readonly: bool = False) -> None:
        self.host, self.guest, self.readonly = host, guest, readonly


class _Trees(dict[str, Any]):
    """The providers of /proc, /sys and /dev/mqueue, made when the guest first needs them: most runs never do."""

    def __init__(self, k: Kernel) -> None:
        self._k = k

    def __missing__(self, name: str) -> Any:
        if name == PROVIDER:
            self[name] = QueueMaker(self._k)
        else:
            from friscy.kernel.proc.procfs import proc_tree, sys_tree

            self[name] = {"proc": proc_tree, "sys": sys_tree}[name](self._k)
        return self[name]


def attach_providers(k: Kernel) -> None:
    """Register the host-side half of /proc, /sys, /dev/mqueue and the terminal devices with the VFS."""
    k.vfs.providers = _Trees(k)
    driver = TerminalDriver()
    for rdev in DEVICES:
        k.vfs.drivers[rdev] = driver


def build_namespace(
    k: Kernel, rootfs: FileSystem, *, hostname: bytes = b"friscy", mounts: Sequence[HostMount] = ()
) -> Location:
    """Mount everything, and the files that docker mounts over an image's; the root directory.

    UsageError: a granted directory is not there.
    """
    vfs = k.vfs
    root = vfs.mount_root(rootfs, source=b"overlay")
    context = FsContext(root, root)
    inert = MS_NOSUID | MS_NODEV | MS_NOEXEC
    vfs.mount(directory(k, context, b"/proc"), vfs.new_synthfs("proc"), source=b"proc", options=inert)
    vfs.mount(directory(k, context, b"/dev"), vfs.new_devfs(), source=b"devtmpfs", options=MS_NOSUID)
    pts, shm = directory(k, context, b"/dev/pts"), directory(k, context, b"/dev/shm")
    vfs.mount(pts, vfs.new_devpts(), source=b"devpts", options=MS_NOSUID | MS_NOEXEC)
    vfs.mount(shm, vfs.new_tmpfs(SHM_BYTES), source=b"shm", options=inert)
    vfs.mount(directory(k, context, b"/dev/mqueue"), mqueue_fs(k), source=b"mqueue", options=inert)
    sys = vfs.new_synthfs("sys", kind="sysfs")
    vfs.mount(directory(k, context, b"/sys"), sys, readonly=True, source=b"sysfs", options=inert)
    k.state.hostname = hostname
    own = vfs.new_tmpfs(mode=0o755)
    for path, content in (
        (b"/etc/hostname", hostname + b"\n"),
        (b"/etc/hosts", hosts_file(hostname)),
        (b"/etc/resolv.conf", RESOLV_CONF),
    ):
        mount_file(k, context, path, content, own)
    for grant in mounts:
        mount_host(k, context, grant)
    return root


def directory(k: Kernel, context: FsContext, path: bytes) -> Location:
    """The directory `path`, made with its parents if the image has none."""
    try:
        return k.vfs.lookup(context, path, want_directory=True)
    except LinuxError as error:
        if error.errno != errno.ENOENT:
            raise
    parent = directory(k, context, path.rpartition(b"/")[0] or b"/")
    with _unseen(parent):
        k.vfs.mkdir(context, path, 0o755)
    return k.vfs.lookup(context, path, want_directory=True)


@contextmanager
def _unseen(parent: Location) -> Iterator[None]:
    """What is made in the directory only to be mounted on leaves its time as it is."""
    mtime_ns = parent.inode.mtime_ns
    yield
    parent.inode.mtime_ns = mtime_ns


def file_place(k: Kernel, context: FsContext, path: bytes) -> Location:
    """Where a file can be mounted as `path`: links are followed, and an empty file is made where there is none."""
    try:
        return k.vfs.lookup(context, path)
    except LinuxError as error:
        if error.errno != errno.ENOENT:
            raise
    parent = directory(k, context, path.rpartition(b"/")[0] or b"/")
    try:
        target = k.vfs.readlink(context, path)
    except LinuxError:
        with _unseen(parent):
            k.vfs.release(k.vfs.open(context, path, O_CREAT | O_RDONLY, 0o644))
        return k.vfs.lookup(context, path)
    if not target.startswith(b"/"):
        target = path.rpartition(b"/")[0] + b"/" + target
    return file_place(k, context, target)


def mount_file(k: Kernel, context: FsContext, path: bytes, content: bytes, fs: FileSystem) -> None:
    """Mount a new file of `fs` as `path`; what the image has there stays as it is."""
    place = file_place(k, context, path)
    name = path.rpartition(b"/")[2]
    inode = fs.create(k.vfs, fs.root(k.vfs), name, S_IFREG | 0o644, 0, 0)
    k.vfs.mount(place, fs, source=b"tmpfs", root=inode)
    file = k.vfs.open(context, path, O_WRONLY)
    k.vfs.write(file, content)
    k.vfs.release(file)


def hosts_file(hostname: bytes) -> bytes:
    """/etc/hosts."""
    return (
        b"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
        b"10.0.2.2\thost.docker.internal\n10.0.2.15\t" + hostname + b"\n"
    )


def mount_host(k: Kernel, context: FsContext, grant: HostMount) -> None:
    """Mount a granted directory or file of the host. UsageError: it cannot be opened.

    Of a file its directory is opened, and nothing else in there can be reached: no name leads out of the mount.
    """
    below = b""
    try:
        host = grant.host
        if not os.path.isdir(host):
            host, _, base = os.path.realpath(host).rpartition("/")
            below = os.fsencode(base)
        name = "host:" + grant.host
        k.vfs.attach_grant(name, host or "/")
        fs = k.vfs.new_hostfs(name)
        root = fs.root(k.vfs)
        inode = fs.lookup(k.vfs, root, below, None) if below else root
        if inode is None or (below and not S_ISREG(inode.mode)):
            raise OSError(errno.ENOENT, "no file or directory" if inode is None else "neither file nor directory")
    except OSError as error:
        raise UsageError(
            f"cannot mount {grant.host}: {error.strerror}",
            hint="-v takes an existing directory or file of this machine",
        ) from error
    place = (file_place if below else directory)(k, context, grant.guest)
    mount = k.vfs.mount(place, fs, readonly=grant.readonly, source=grant.guest, root=inode)
    mount.granted = True
