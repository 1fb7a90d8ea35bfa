"""The file system of POSIX message queues, /dev/mqueue: one for the machine, however often it is mounted.

Its files are the queues. They are made and removed by mq_open(2) and mq_unlink(2), and as any file is.
"""

from __future__ import annotations

import errno
import struct
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from friscy.kernel.credentials import CAP_SYS_RESOURCE, capable
from friscy.kernel.ipc.table import ipc
from friscy.kernel.state import RLIMIT_MSGQUEUE, Process
from friscy.kernel.sysctl import sysctl
from lazyfs.errors import LinuxError
from lazyfs.filesystem import FileSystem
from lazyfs.inode import Dentry, Inode, Location, Mount
from lazyfs.plain import Plain, default
from lazyfs.tmpfs import MemInode, Tmpfs

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from lazyfs.host import VfsHost
    from lazyfs.stat import StatFs

MQUEUE_MAGIC = 0x1980_0202
PROVIDER = "mqueue"  # in `vfs.providers`: what makes queues
ATTR = struct.Struct("<4q32x")
PRIORITIES = 32768
_HARD_MESSAGES, _HARD_BYTES = 65536, 16 << 20  # what not even root exceeds
# What Linux adds for each message, and for each priority, when it counts a user's.
_HEAD_BYTES, _NODE_BYTES = 48, 48
_FILE_BYTES, _ENTRY_BYTES = 80, 20  # as Linux counts a queue, and a name in the directory


class Registration(Plain):
    """Who is told, once, when a message comes to the empty queue, and how (struct sigevent)."""

    process: Process
    notify: int
    signal: int
    value: int
    socket: Any = None  # SIGEV_THREAD: a NetlinkSocket, and what is sent there
    cookie: bytes = b""


class PosixQueue(Plain):
    """messages: (priority, text), the next to be received first. cost: bytes, of RLIMIT_MSGQUEUE of user `uid`."""

    most: int
    largest: int
    uid: int
    cost: int
    messages: list[tuple[int, bytes]] = default(list)
    registration: Registration | None = None
    sends: int = 0
    receives: int = 0

    def registered(self) -> Registration | None:
        """The registration, unless its process is gone."""
        found = self.registration
        return found if found is not None and found.process.exit_status is None else None


class MqueueFs(Tmpfs):
    """queues: the PosixQueue of each inode, those too that are open but have no name any more."""

    dynamic: ClassVar[bool] = True
    kernel_opens: ClassVar[bool] = True
    magic: ClassVar[int] = MQUEUE_MAGIC

    kind: bytes = b"mqueue"
    queues: dict[int, PosixQueue] = default(dict)

    def format(self, vfs: VfsHost, mode: int, uid: int = 0, gid: int = 0) -> None:
        """See Tmpfs."""
        super().format(vfs, mode, uid, gid)
        self.root(vfs).size = 2 * _ENTRY_BYTES

    def statfs(self, vfs: VfsHost) -> StatFs:
        """See FileSystem: it takes no space."""
        return FileSystem.statfs(self, vfs)

    def create(
        self,
        vfs: VfsHost,
        directory: Inode,
        name: bytes | None,
        mode: int,
        uid: int,
        gid: int,
        *,
        rdev: tuple[int, int] = (0, 0),
        target: bytes = b"",
    ) -> Inode:
        """See FileSystem. ENOSPC, EMFILE, EINVAL: as mq_open(2)."""
        if name is None:
            raise LinuxError(errno.EOPNOTSUPP)
        if not S_ISREG(mode):
            raise LinuxError(errno.EPERM)
        queue = vfs.providers[PROVIDER].queue()
        inode = super().create(vfs, directory, name, mode, uid, gid)
        assert isinstance(inode, MemInode)
        inode.size = _FILE_BYTES
        directory.size += _ENTRY_BYTES
        self.queues[inode.ino] = queue
        return inode

    def unlink(self, vfs: VfsHost, directory: Inode, name: bytes, inode: Inode) -> None:
        """See FileSystem."""
        super().unlink(vfs, directory, name, inode)
        directory.size -= _ENTRY_BYTES

    def _free(self, inode: MemInode) -> None:
        super()._free(inode)
        del self.queues[inode.ino]

    def link(self, *_: object) -> NoReturn:
        """See FileSystem."""
        raise LinuxError(errno.EPERM)

    def rename(self, *_: object) -> NoReturn:
        """See FileSystem."""
        raise LinuxError(errno.EPERM)


class QueueMaker:
    """Makes the queues of new files: by the limits of the process that runs, and what its mq_open(2) asks for."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.attributes: bytes | None = None  # struct mq_attr

    def queue(self) -> PosixQueue:
        """A new queue. ENOSPC, EINVAL, EMFILE: too many, too large, or more than RLIMIT_MSGQUEUE."""
        k, process = self._k, self._k.task.process
        privileged = capable(process, CAP_SYS_RESOURCE)
        queues = mqueue_fs(k).queues.values()
        if len(queues) >= sysctl(k, "fs/mqueue/queues_max") and not privileged:
            raise LinuxError(errno.ENOSPC)
        limits = sysctl(k, "fs/mqueue/msg_max"), sysctl(k, "fs/mqueue/msgsize_max")
        if self.attributes is None:
            most = min(limits[0], sysctl(k, "fs/mqueue/msg_default"))
            largest = min(limits[1], sysctl(k, "fs/mqueue/msgsize_default"))
        else:
            _, most, largest, _ = ATTR.unpack(self.attributes)
            limits = (_HARD_MESSAGES, _HARD_BYTES) if privileged else limits
            if not 0 < most <= limits[0] or not 0 < largest <= limits[1]:
                raise LinuxError(errno.EINVAL)
        uid = process.credentials.uid
        cost = most * (largest + _HEAD_BYTES) + min(most, PRIORITIES) * _NODE_BYTES
        if (
            sum(queue.cost for queue in queues if queue.uid == uid) + cost
            > process.limits[RLIMIT_MSGQUEUE][0]
        ):
            raise LinuxError(errno.EMFILE)
        return PosixQueue(most, largest, uid, cost)


def mqueue_fs(k: Kernel) -> MqueueFs:
    """The machine's file system of queues."""
    fs = root(k).mount.fs
    assert isinstance(fs, MqueueFs)
    return fs


def root(k: Kernel) -> Location:
    """Its root directory, on a mount that nobody sees."""
    table = ipc(k)
    if table.mqueue is None:
        fs = MqueueFs(k.vfs.new_device())
        fs.format(k.vfs, 0o1777)
        table.mqueue = Mount(fs, Dentry(None, b"", fs.root(k.vfs)), None)
    mount = table.mqueue
    assert isinstance(mount, Mount)
    return Location(mount, mount.root)
