"""Run a bundle: choose between its snapshot and a fresh start, run the machine, give its exit status."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from friscy.boot import Machine, Program, StartError, root_context
from friscy.bundle import SNAPSHOT, Bundle, open_bundle
from friscy.kernel.namespace import HostMount
from friscy.kernel.net.policy import Policy
from friscy.kernel.terminal.console import Console
from friscy.timings import Timings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from friscy.kernel.kernel import Kernel
    from friscy.kernel.limits import Limits
    from lazyfs.overlay import OverlayFs
    from lazyfs.vfs import Vfs
    from snapshot.format import SnapshotFile

__all__ = ["HostMount", "Request", "run_bundle"]

_FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


class Overlay(Protocol):
    """Keeps what a bundle's runs write (friscy_build.layers.kept)."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was kept yet."""

    def fill(self, vfs: Vfs, fs: OverlayFs) -> None:
        """Put what was kept into a new machine's root filesystem."""

    def save(self, kernel: Kernel) -> None:
        """Keep what the machine, which rests, has changed."""


class Profiler(Protocol):
    """Watches a run (friscy.cli.profiling)."""

    def watch(self, machine: Machine) -> None:
        """See what the memories of a machine hold, which has none yet."""

    def sampling(self, kernel: Kernel) -> AbstractContextManager[None]:
        """Look at what this thread, which runs the machine of `kernel`, does meanwhile."""


class Request:
    """What a run is to be; None or empty leaves it to the bundle."""

    def __init__(
        self,
        bundle: str | os.PathLike[str],
        *,
        args: list[str] | None = None,
        entrypoint: str | None = None,
        env: Sequence[tuple[str, str | None]] = (),
        workdir: str | None = None,
        user: str | None = None,
        mounts: Sequence[HostMount] = (),
        engine: str | None = None,
        use_snapshot: bool = True,
        timings: str | None = None,
        outbound: Sequence[str] | None = None,
        publish: Sequence[str] = (),
        limits: Limits | None = None,
    ) -> None:
        """outbound: in place of the bundle's rules; publish, limits: besides the bundle's."""
        self.bundle, self.args, self.entrypoint, self.env = bundle, args, entrypoint, env
        self.workdir, self.user, self.mounts = workdir, user, mounts
        self.engine, self.use_snapshot, self.timings = engine, use_snapshot, timings
        self.outbound, self.publish, self.limits = outbound, publish, limits
        self.entrypoint_choices: Sequence[str] = ()  # take the first that the image has
        self.trace: TextIO | None = None
        self.overlay: Overlay | None = None  # where what the run writes is kept
        self.profiler: Profiler | None = None
        self.fill = True  # let a bundle behind a URL come here whole in the background


def run_bundle(request: Request) -> int:
    """Run a bundle to its end; the exit status is the guest's, 128 + n where signal n ended it.

    Raises FriscyError where the bundle, the request or the start is wrong.
    """
    timings = Timings()
    timings.mark("Python and imports")
    bundle = open_bundle(request.bundle)
    program = program_of(bundle, request)
    if not _is_another_program(request):
        bundle.prefetch(from_snapshot=_may_restore(bundle, request))
    timings.mark("open the bundle")
    machine = Machine(bundle, on_compile=_say_compiling, translated=request.engine != "interpreter")
    if request.engine == "aot":
        machine.compile_code()
    if request.overlay is not None:
        machine.upper = request.overlay.fill
    if request.profiler is not None:
        request.profiler.watch(machine)
    timings.mark("load the engine")
    try:
        kernel, said = _kernel(machine, program, request)
    except StartError as error:
        print(f"friscy: {error}", file=sys.stderr)
        return error.status
    if request.trace is not None:
        from friscy.kernel.strace.tracer import Tracer

        kernel.tracer = Tracer(request.trace.write)
    limits = limits_of(bundle, request)
    if limits is not None:
        limits.apply(kernel)
    timings.mark("make the machine")
    bundle.guest_runs(kernel.log)
    if request.fill:
        bundle.fill()
    if request.profiler is None:
        status = run_kernel(kernel, said)
    else:
        with request.profiler.sampling(kernel):
            status = run_kernel(kernel, said)
    timings.mark("run the guest")
    if request.overlay is not None:
        request.overlay.save(kernel)
    if request.timings is not None:
        timings.report(request.timings)
    return status


def program_of(bundle: Bundle, request: Request) -> Program:
    """What the request makes of the bundle's process. As with docker, another entry point drops CMD."""
    env = dict(word.partition("=")[::2] for word in bundle.env)
    for name, value in request.env:
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    if request.entrypoint is not None:
        argv = [request.entrypoint, *(request.args or [])]
    elif request.args is not None:
        argv = [*bundle.entrypoint, *request.args]
    else:
        argv = bundle.argv
    cwd = bundle.cwd if request.workdir is None else request.workdir
    return Program(argv, env, cwd, bundle.user if request.user is None else request.user)


def policy_of(bundle: Bundle, request: Request) -> Policy:
    """What of the network the run may use."""
    outbound: Sequence[str] = bundle.outbound
    publish: Sequence[str] = bundle.publish
    if not bundle.trusted and (outbound or publish):
        asked = [f"--net {rule}" for rule in outbound] + [f"-p {port}" for port in publish]
        if request.outbound is None and not request.publish:
            print(f"friscy: network: not granted to a bundle from afar: {' '.join(asked)}", file=sys.stderr)
        outbound, publish = (), ()
    if request.outbound is not None:
        outbound = request.outbound
    return Policy(outbound, [*publish, *request.publish])


def limits_of(bundle: Bundle, request: Request) -> Limits | None:
    """What the run may take of the host; None where nobody says."""
    if not bundle.limits and request.limits is None:
        return None
    from friscy.kernel.limits import Limits

    own = bundle.limits
    limits = Limits(
        memory=own.get("memory"),
        processes=own.get("processes"),
        disk=own.get("disk"),
        cpu_seconds=own.get("cpu_seconds"),
        ulimits=own.get("ulimits", ()),
    )
    return limits if request.limits is None else request.limits.over(limits)


# What a restored machine had written to its console before: [descriptor, bytes] in order.
Transcript = list[list[Any]]


def _kernel(machine: Machine, program: Program, request: Request) -> tuple[Kernel, Transcript]:
    """The machine of the request at its start or at its snapshot point, and what it had said by then."""
    if _may_restore(machine.bundle, request):
        from friscy.resume import snapshot_fits
        from snapshot.format import SnapshotFile
        from snapshot.layout import check_header

        file = SnapshotFile(Path(machine.bundle.path(SNAPSHOT)))
        check_header(file)
        console = Console()
        if snapshot_fits(file, machine.bundle, program, console, request.mounts):
            return _restored(machine, file, program, console, request)
        if not _is_another_program(request):
            machine.bundle.prefetch(from_snapshot=False)
    kernel = machine.kernel(Console(), mounts=request.mounts, policy=policy_of(machine.bundle, request))
    if request.entrypoint_choices:
        program.argv = [_first_present(kernel, request.entrypoint_choices), *(request.args or [])]
        if program.argv[0].endswith("busybox"):
            program.argv.insert(1, "sh")
    machine.start(kernel, program)
    return kernel, []


def _may_restore(bundle: Bundle, request: Request) -> bool:
    if request.overlay is not None and not request.overlay.is_empty:
        return False  # the snapshot's program has seen other files
    return request.use_snapshot and not request.entrypoint_choices and bundle.has(SNAPSHOT)


def _is_another_program(request: Request) -> bool:
    """Then what the bundle's own program reads is of no use."""
    return request.entrypoint is not None or bool(request.entrypoint_choices)


def _restored(
    machine: Machine, file: SnapshotFile, program: Program, console: Console, request: Request
) -> tuple[Kernel, Transcript]:
    from friscy.resume import resume
    from snapshot.restore import restore, transcript

    policy = policy_of(machine.bundle, request)
    kernel = restore(file, lambda state: machine.kernel(console, state, request.mounts, policy))
    resume(kernel, file, program)
    return kernel, transcript(file)


def _first_present(kernel: Kernel, choices: Sequence[str]) -> str:
    from lazyfs.errors import LinuxError

    context = root_context(kernel)
    for path in choices:
        try:
            kernel.vfs.access(context, os.fsencode(path), os.X_OK)
            return path
        except LinuxError:
            continue
    raise StartError(
        f"the image has none of {', '.join(choices)}", 127, hint="Name a program: --entrypoint PROG"
    )


def run_kernel(kernel: Kernel, said: Transcript) -> int:
    """Run a machine to its end with the host's signals handed to its process 1; show first what it had said."""
    with kernel.console, _HostWatch(kernel):
        kernel.console.replay(said)
        status = kernel.run()
    assert status is not None, "nobody stops this machine"
    return status


class _HostWatch:
    """Hands the host's signals to the guest's first process, as `docker run` does, and sees what is typed at once.

    The main thread may be deep in wasm, where neither Python's signal handlers nor the kernel get a turn: so the
    C level's part of a handler writes to a pipe (set_wakeup_fd), and a thread that watches the pipe and the
    terminal makes the engine return to the host.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._previous: dict[int, Any] = {}
        self._wakeup = -1

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # only the main thread may: an embedder runs the machine elsewhere
        self._kernel.wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for name in _FORWARDED:
            number = getattr(signal, name)
            self._previous[number] = signal.signal(number, self._forward)
        self._previous[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, self._resize)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        if not self._previous:
            return
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._writer)
        self._thread.join()
        os.close(self._reader)
        with self._kernel.hart_lock:  # another thread may be about to `attend`
            os.close(self._kernel.wake_fd)
            self._kernel.wake_fd = -1

    def _watch(self) -> None:
        poller = select.poll()
        poller.register(self._reader, select.POLLIN)
        for fd in self._kernel.wakeup_fds():
            poller.register(fd, select.POLLIN)
        while True:
            events = dict(poller.poll())
            if self._reader in events and not os.read(self._reader, 64):
                return
            self._kernel.attend()
            if len(events) > (self._reader in events):
                time.sleep(0.005)  # the kernel takes the input in; until then it polls as readable
            for fd, seen in events.items():
                if seen & (select.POLLHUP | select.POLLNVAL) and fd != self._reader:
                    poller.unregister(fd)

    def _forward(self, number: int, _frame: object) -> None:
        process = self._kernel.state.processes.get(1)
        if process is not None:
            self._kernel.post_signal(process, number)

    def _resize(self, _number: int, _frame: object) -> None:
        self._kernel.console.resize(self._kernel)


def _say_compiling() -> None:
    if sys.stderr.isatty():
        print("friscy: compiling the engine for this machine (once) ...", file=sys.stderr)
