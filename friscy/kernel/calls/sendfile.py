"""sendfile(2): a file goes out by a socket in pieces that the guest never sees, or by the host from its own file."""

from __future__ import annotations

import errno
from stat import S_ISBLK, S_ISREG
from typing import TYPE_CHECKING

from friscy.kernel import files
from friscy.kernel.calls.transfer import End, pair, transfer
from friscy.kernel.net.socket import Socket
from friscy.kernel.structs import MAX_RW_COUNT
from friscy.kernel.table import syscall
from lazyfs.abi import O_APPEND
from lazyfs.errors import LinuxError, WouldBlock

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from lazyfs.openfile import OpenFile

_STEP = 1 << 18
_TAKES = files.OUT | 0x18  # POLLERR and POLLHUP: writing tells


@syscall(71, "sendfile", "out_fd:fd in_fd:fd offset:inout_off count:size -> int")
def sys_sendfile(k: Kernel, task: Task, fd_out: int, fd_in: int, pointer: int, count: int) -> int:
    """sendfile(2): from a regular file to anything that can be written."""
    source, sink = pair(task, fd_in, fd_out)
    start = End(k, source, pointer)
    regular = S_ISREG(source.inode.mode)
    if not regular and not S_ISBLK(source.inode.mode):
        raise LinuxError(errno.EINVAL)
    if sink.flags & O_APPEND or count >= 1 << 63:
        raise LinuxError(errno.EINVAL)
    count = min(count, MAX_RW_COUNT)
    if not regular or not isinstance(sink, Socket) or isinstance(source, files.KernelFile):
        return transfer(k, task, start, End(k, sink, 0), count)
    done = _send(k, task, source, sink, source.offset if start.offset is None else start.offset, count)
    if start.offset is None:
        source.offset += done
    start.moved(done)
    start.tell()
    return done


def _send(k: Kernel, task: Task, source: OpenFile, sink: Socket, offset: int, count: int) -> int:
    """Send `count` bytes from `offset` on, or what is taken without waiting."""
    done = 0
    host_file = k.vfs.host_file(source)
    try:
        while done < count:
            step = min(count - done, _STEP)
            sent = sink.send_file(k, host_file, offset + done, step) if host_file >= 0 else None
            if sent is None:
                if not sink.poll_events(k) & _TAKES:
                    raise WouldBlock(sink, files.OUT)
                data = k.vfs.pread(source, step, offset + done)
                sent = sink.write_from(k, data) if data else 0
            if not sent:
                break
            done += sent
    except WouldBlock as blocked:
        if not done:
            files.block(k, task, blocked)
    except LinuxError as error:
        if not done:
            if error.errno == errno.EPIPE:
                k.post_signal(task.process, files.SIGPIPE, task=task)
            raise
    return done
