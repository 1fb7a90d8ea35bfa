"""strace-compatible lines, made from the rows of the system call table.

    k.tracer = Tracer(sys.stderr.write)

    openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3

A call that blocks shows when it is done; if another task has something to say meanwhile, its first half shows as
`<unfinished ...>` and the rest as `<... read resumed>`.
"""

from __future__ import annotations

import errno as _errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from friscy.kernel import signals
from friscy.kernel.strace.arguments import (
    AFTER,
    BOTH,
    Argument,
    code_name,
    environment,
    guarded,
    pointer,
    sigset,
    used_arguments,
)
from friscy.kernel.timers import NSEC, SI_TIMER
from friscy.machine.hart import A0

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, SigInfo, Task
    from friscy.kernel.table import Row
    from friscy.kernel.wait import Wait

_COLUMN = 40  # strace aligns " = " here

# What a call that a signal interrupts shows, by what a handler does to it and by the wait, where that differs.
_RESTARTS = {
    "restart": "? ERESTARTSYS (To be restarted if SA_RESTART is set)",
    "eintr": "? ERESTARTNOHAND (To be restarted if no handler)",
    "again": "? ERESTARTNOINTR (To be restarted)",
}
_RESTART_BLOCK = "? ERESTART_RESTARTBLOCK (Interrupted by signal)"
_INTERRUPTED = "-1 EINTR (Interrupted system call)"
_BY_WAIT = {
    "Sleep": _RESTART_BLOCK,
    "CpuSleep": _RESTART_BLOCK,
    "TimedFutexWait": _RESTART_BLOCK,
    "EpollWait": _INTERRUPTED,
    "SignalWait": _INTERRUPTED,
}


class _Call(NamedTuple):
    """A call that blocks: its row and registers, and the arguments as they showed at its start."""

    row: Row
    values: tuple[int, ...]
    shown: list[str | None]

    def beginning(self) -> str:
        """What is known before it ends."""
        known = self.known()
        words = ", ".join(text for text in self.shown[:known] if text is not None)
        return f"{self.row.name}({words}" + (", " if known and known < len(self.shown) else "")

    def known(self) -> int:
        """How many arguments from the first on are known before it ends."""
        return next((index for index, text in enumerate(self.shown) if text is None), len(self.shown))


class Tracer:
    """Writes a line for each system call of each task; tasks are told apart while there are several."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._waiting: dict[int, _Call] = {}  # by tid
        self._open = 0  # the tid whose call would stand unfinished on the line now

    def enter(self, k: Kernel, task: Task, row: Row, values: tuple[int, ...]) -> list[str | None] | None:
        """Format what the call reads, before it can change it; None for what it writes.

        A call that ends the task shows at once: there is no `leave` for it.
        """
        if row.result == "none" and row.name != "rt_sigreturn":
            self._line(k, task.tid, f"{row.name}({values[0]})", "?")
            return None
        shown: list[str | None] = []
        count = used_arguments(row, values)
        for index, (label, kind) in enumerate(row.arguments[:count]):
            if kind in AFTER:
                shown.append(None)
            elif kind == "strings" and label == "envp":
                shown.append(environment(Argument(k, values[index], (), 0)))
            else:
                shown.append(guarded(kind, Argument(k, values[index], values[index + 1 :], 0)))
        return shown

    def blocked(
        self, k: Kernel, task: Task, row: Row, values: tuple[int, ...], shown: list[str | None]
    ) -> None:
        """The call goes on later."""
        if task.tid not in self._waiting:
            self._finish_line(k, task.tid)
            self._waiting[task.tid] = _Call(row, values, shown)
            self._open = task.tid

    def leave(
        self,
        k: Kernel,
        task: Task,
        row: Row,
        values: tuple[int, ...],
        shown: list[str | None],
        result: int | None,
    ) -> None:
        """The call is over; result None is one that does not return (exit, rt_sigreturn) or execve's success."""
        if row.name == "rt_sigreturn":
            back = k.hart.x(A0)
            shown = ["{mask=" + sigset(task.blocked_signals) + "}"]
            result = back - (1 << 64) if back >> 63 else back
        call = self._waiting.get(task.tid)
        if call is not None:  # what it read may have changed since
            shown = call.shown
        self._end(k, task, _Call(row, values, shown), result, _result(row, result))

    def _end(self, k: Kernel, task: Task, call: _Call, result: int | None, text: str) -> None:
        """Show a call that is over, or the rest of it."""
        words = [
            word if word is not None else _after(k, call, index, result)
            for index, word in enumerate(call.shown)
        ]
        unfinished = task.tid in self._waiting and self._open != task.tid
        self._waiting.pop(task.tid, None)
        if self._open == task.tid:
            self._open = 0
        if unfinished:
            rest = ", ".join(words[call.known() :])
            self._line(k, task.tid, f"<... {call.row.name} resumed>{rest})", text)
        else:
            self._line(k, task.tid, f"{call.row.name}({', '.join(words)})", text)

    def unknown(self, k: Kernel, task: Task, number: int, name: str) -> None:
        """A call without a row."""
        arguments = ", ".join(f"{value:#x}" for value in k.hart.syscall_registers()[:6])
        shown = name if " " not in name else f"syscall_{number:#x}"
        self._line(k, task.tid, f"{shown}({arguments})", _result(None, -_errno.ENOSYS))

    def interrupted(self, k: Kernel, task: Task, wait: Wait) -> None:
        """A signal is about to be delivered while the task is in a call that blocks."""
        call = self._waiting.get(task.tid)
        if call is not None:
            kind = _BY_WAIT.get(type(wait).__name__) or _RESTARTS.get(wait.on_signal, "?")
            self._end(k, task, call, -_errno.EINTR, kind)

    def signal(self, k: Kernel, task: Task, info: SigInfo) -> None:
        """A signal is delivered."""
        name = signals.name(info.signal)
        fields = f"si_signo={name}, si_code={code_name(info.signal, info.code)}{_details(info)}"
        self._note(k, task.tid, f"--- {name} {{{fields}}} ---")

    def exited(self, k: Kernel, process: Process, status: int) -> None:
        """A process ended with this wait(2) status word."""
        signal = status & 0x7F
        core = " (core dumped)" if status & signals.CORE_DUMPED else ""
        how = f"killed by {signals.name(signal)}{core}" if signal else f"exited with {status >> 8 & 0xFF}"
        self._finish_line(k, 0)
        for tid in [tid for tid in self._waiting if tid not in k.state.tasks]:
            del self._waiting[tid]
        self._note(k, process.pid, f"+++ {how} +++")

    def _line(self, k: Kernel, tid: int, call: str, result: str) -> None:
        width = _COLUMN - 1 - len(self._prefix(k, tid))
        self._note(k, tid, f"{call:<{width}} = {result}")

    def _note(self, k: Kernel, tid: int, text: str) -> None:
        self._finish_line(k, tid)
        self._write(f"{self._prefix(k, tid)}{text}\n")

    def _finish_line(self, k: Kernel, tid: int) -> None:
        """Something else is to be shown: another task's call that is not over has to leave the line."""
        if self._open and self._open != tid:
            call = self._waiting[self._open]
            self._write(f"{self._prefix(k, self._open)}{call.beginning()} <unfinished ...>\n")
            self._open = 0

    @staticmethod
    def _prefix(k: Kernel, tid: int) -> str:
        others = len(k.state.tasks) > 1 or (k.state.tasks and tid not in k.state.tasks)
        return f"[pid {tid:>5}] " if others else ""


def _after(k: Kernel, call: _Call, index: int, result: int | None) -> str:
    """An argument as it is after the call."""
    kind = call.row.arguments[index][1]
    argument = Argument(k, call.values[index], call.values[index + 1 :], result or 0)
    failed = result is not None and result < 0 and kind not in BOTH
    return pointer(argument) if failed else guarded(kind, argument)


def _details(info: SigInfo) -> str:
    """The fields of a siginfo_t besides signal and code."""
    if info.signal in signals.SYNCHRONOUS and info.code > 0:
        return f", si_addr={info.address:#x}" if info.address else ", si_addr=NULL"
    if info.signal == signals.SIGCHLD and info.code > 0:
        status = str(info.status) if info.code == 1 else signals.name(info.status)
        ticks = info.cpu_ns * 100 // NSEC
        return f", si_pid={info.pid}, si_uid={info.uid}, si_status={status}, si_utime={ticks}, si_stime=0"
    if info.code == signals.SI_KERNEL:
        return ""
    value = info.value & (1 << 64) - 1
    number = (value & 0xFFFF_FFFF) - (1 << 32 if value & 1 << 31 else 0)
    carried = f", si_int={number}, si_ptr={f'{value:#x}' if value else 'NULL'}"
    if info.code == SI_TIMER:
        return f", si_timerid={info.pid:#x}, si_overrun={info.uid}{carried}".replace("=0x0,", "=0,")
    plain = info.code in (signals.SI_USER, signals.SI_TKILL)
    return f", si_pid={info.pid}, si_uid={info.uid}" + ("" if plain else carried)


def _result(row: Row | None, result: int | None) -> str:
    if result is None:
        return "?" if row is None or row.name not in ("execve", "execveat") else "0"
    if result < 0:
        return f"-1 {_errno.errorcode.get(-result, -result)} ({os.strerror(-result)})"
    if row is not None and row.result in ("ptr",):
        return f"{result:#x}"
    if row is not None and row.result == "octal":
        return f"0{result:o}" if result else "000"
    return str(result)
