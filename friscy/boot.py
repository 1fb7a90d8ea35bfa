"""From an open bundle to a machine: its kernel with everything attached, fresh or from a snapshot's state."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wasmtime import WasmtimeError

from friscy.bundle import CODE, INTERPRETER, Bundle
from friscy.kernel.clock import Clock
from friscy.kernel.kernel import Kernel
from friscy.kernel.namespace import HostMount, attach_providers, build_namespace, directory, mount_host
from friscy.kernel.net.policy import Policy
from friscy.kernel.net.start import attach_network
from friscy.kernel.places import Places
from friscy.kernel.state import KernelState, Task
from friscy.kernel.terminal.console import Console
from friscy.machine.aot import Watcher
from friscy.machine.engine import load_module, make_engine
from friscy.machine.space import Space
from lazyfs.errors import FormatError, FriscyError, LinuxError, UsageError
from lazyfs.inode import FsContext, Location
from lazyfs.vfs import Vfs

if TYPE_CHECKING:
    from friscy.library import BundleCode
    from lazyfs.overlay import OverlayFs

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class StartError(FriscyError):
    """The guest's program cannot be started. `status` is what docker's exit status would be."""

    def __init__(self, message: str, status: int, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Program:
    """What process 1 is: argv (argv[0] is looked up in PATH), environment, working directory, user."""

    __slots__ = ("argv", "cwd", "env", "user")

    def __init__(self, argv: list[str], env: dict[str, str], cwd: str, user: str) -> None:
        self.argv, self.env, self.cwd, self.user = argv, env, cwd, user


class Machine:
    """A bundle's engines and files, from which kernels are made. Opening reads no more than a start needs."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        log: Callable[[str], None] | None = None,
        on_compile: Callable[[], None] | None = None,
        translated: bool = True,
    ) -> None:
        """log: where the kernel's messages go. on_compile: called when the engine must first be compiled.
        translated: whether the bundle's translated code is used."""
        self.bundle, self.log = bundle, log
        self.watch: Callable[[Space], Watcher] | None = None  # makes what a new space tells of its code
        self.upper: Callable[[Vfs, OverlayFs], None] | None = None  # puts what was kept into a new root filesystem
        self.places = Places()
        self.clock, self.entropy = Clock(), os.urandom  # of new kernels
        self.engine = make_engine()
        self.interpreter = load_module(
            self.engine,
            bundle.files[INTERPRETER].sha256,
            lambda: bundle.read(INTERPRETER),
            bundle.location(INTERPRETER),
            on_compile=on_compile,
        )
        self.index, self.chunks = bundle.open_rootfs()
        self.code: BundleCode | None = None
        if translated and bundle.has(CODE):
            from friscy.library import BundleCode

            self.code = BundleCode(bundle, self.engine)
            self.places = Places(self.code.placed)
            self.watch = self.code.watcher

    def compile_code(self) -> None:
        """Have all translated code compiled. UsageError: the bundle has none."""
        if self.code is None:
            raise UsageError(
                f"{self.bundle.directory}: has no translated code",
                hint='Say [bundle.NAME.aot] scope = "touched" in friscy.toml and build it again.',
            )
        self.code.compile_all()

    def kernel(
        self,
        console: Console,
        state: KernelState | None = None,
        mounts: Sequence[HostMount] = (),
        policy: Policy | None = None,
    ) -> Kernel:
        """A kernel over this bundle's files: new, or over the state of a snapshot.

        mounts: directories of the host that are added. policy: what of the network it may use, nothing by default.
        """
        clock, entropy = self.clock, self.entropy
        vfs = Vfs(None if state is None else state.vfs, now_ns=clock.realtime_ns, urandom=entropy)
        vfs.attach_lower("rootfs", self.index, self.chunks)
        kernel = Kernel(
            vfs, self._new_space, state=state, console=console, log=self.log, entropy=entropy, clock=clock,
            policy=policy,
        )  # fmt: skip
        kernel.state.memory_limit = self.bundle.memory
        kernel.places = self.places
        if self.code is not None:
            self.code.serve(kernel.interrupt, kernel.log)
        attach_providers(kernel)
        if state is None:
            rootfs = vfs.new_overlay("rootfs")
            if self.upper is not None:
                self.upper(vfs, rootfs)
            build_namespace(kernel, rootfs)
        for mount in mounts:
            mount_host(kernel, root_context(kernel), mount)
        attach_network(kernel)
        return kernel

    def _new_space(self, kernel: Kernel) -> Space:
        try:
            space = Space(
                self.engine,
                self.interpreter,
                kernel.entry_of_calls(),
                kernel.trap,
                kernel.memory_fault,
                kernel.settle,
            )
        except (WasmtimeError, KeyError, TypeError) as error:
            raise FormatError(
                self.bundle.location(INTERPRETER),
                None,
                "a module with an engine's imports and exports",
                str(error).splitlines()[0],
                hint="Build the bundle again with `doit bundle`.",
            ) from error
        if self.watch is not None:
            space.code = self.watch(space)
        return space

    def start(self, kernel: Kernel, program: Program) -> Task:
        """Make process 1 of a new machine. StartError: what cannot be started, and why."""
        context = root_context(kernel)
        uid, gid, groups, home = resolve_user(kernel.vfs, context, program.user)
        if not program.argv:
            raise StartError(
                "the image has no command", 125, hint="Give one: friscy run BUNDLE --entrypoint PROG"
            )
        context.cwd = working_directory(kernel, program)
        path = search_path(kernel.vfs, context, program.argv[0], program.env.get("PATH", DEFAULT_PATH))
        context.cwd = context.root
        assert kernel.console is not None
        try:
            task = kernel.spawn_init(
                path,
                [os.fsencode(word) for word in program.argv],
                guest_environment(kernel, program, home),
                root=root_of(kernel),
                files=kernel.console.open_standard(kernel, context),
                cwd=os.fsencode(program.cwd or "/"),
                uid=uid,
                gid=gid,
                groups=tuple(groups),
            )
        except LinuxError as error:
            status = 127 if error.errno == errno.ENOENT else 126
            raise StartError(f"cannot start {program.argv[0]!r} in the guest: {error}", status) from error
        kernel.console.become_controlling(kernel, task.process)
        return task


def root_of(kernel: Kernel) -> Location:
    """The root of a machine's first mount namespace."""
    mount = kernel.vfs.state.mounts[0]
    return Location(mount, mount.root)


def root_context(kernel: Kernel) -> FsContext:
    """Root's view from the root directory: for what the host does in the guest's namespace."""
    root = root_of(kernel)
    return FsContext(root, root)


def working_directory(kernel: Kernel, program: Program) -> Location:
    """The program's working directory, made if need be, as docker does."""
    try:
        return directory(kernel, root_context(kernel), os.fsencode(program.cwd or "/"))
    except LinuxError as error:
        raise StartError(f"working directory {program.cwd!r}: {error}", 125) from error


def guest_environment(kernel: Kernel, program: Program, home: str) -> list[bytes]:
    """The program's environment with what docker adds where the image does not say."""
    env = {"PATH": DEFAULT_PATH, "HOSTNAME": kernel.state.hostname.decode(), "HOME": home}
    if kernel.console.terminal[0]:
        env["TERM"] = os.environ.get("TERM", "xterm")
    env.update(program.env)
    return [os.fsencode(f"{name}={value}") for name, value in env.items()]


def search_path(vfs: Vfs, context: FsContext, name: str, search: str) -> bytes:
    """The guest path that execvp(3) would take for `name`. StartError: not found (127), not allowed (126)."""
    if "/" in name:
        return os.fsencode(name)
    denied = False
    for place in search.split(":"):
        path = os.fsencode(f"{place or '.'}/{name}")
        try:
            vfs.access(context, path, os.X_OK)
            return path
        except LinuxError as error:
            denied = denied or error.errno == errno.EACCES
    if denied:
        raise StartError(f"{name!r} is not executable in the guest", 126)
    raise StartError(
        f"no program {name!r} in the guest's PATH ({search})",
        127,
        hint="`friscy inspect BUNDLE /usr/bin` lists what the image has.",
    )


def resolve_user(vfs: Vfs, context: FsContext, user: str) -> tuple[int, int, list[int], str]:
    """(uid, gid, supplementary groups, home) of docker's USER[:GROUP], by the guest's own passwd and group files."""
    name, _, group = (user or "0").partition(":")
    accounts = [line.split(":") for line in _lines(vfs, context, b"/etc/passwd")]
    accounts = [fields for fields in accounts if len(fields) >= 6 and fields[2].isdigit()]
    found = next((fields for fields in accounts if name in (fields[0], fields[2])), None)
    if found is None and not name.isdigit():
        raise StartError(f"no user {name!r} in the guest's /etc/passwd", 125)
    uid = int(found[2]) if found else int(name)
    gid = int(found[3]) if found and found[3].isdigit() else 0
    home = found[5] if found else "/"
    table = [line.split(":") for line in _lines(vfs, context, b"/etc/group")]
    table = [fields for fields in table if len(fields) >= 4 and fields[2].isdigit()]
    groups = [int(fields[2]) for fields in table if found and found[0] in fields[3].split(",")]
    if group:
        entry = next((fields for fields in table if group in (fields[0], fields[2])), None)
        if entry is None and not group.isdigit():
            raise StartError(f"no group {group!r} in the guest's /etc/group", 125)
        gid, groups = int(entry[2]) if entry else int(group), []
    return uid, gid, groups, home or "/"


def _lines(vfs: Vfs, context: FsContext, path: bytes) -> list[str]:
    try:
        file = vfs.open(context, path, os.O_RDONLY)
    except LinuxError:
        return []
    data = bytearray()
    while part := vfs.read(file, 1 << 16):
        data += part
    vfs.release(file)
    return data.decode("utf-8", "replace").splitlines()
