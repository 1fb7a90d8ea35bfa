"""RUN: the command in a machine of ours over the stage's tree; its layer is what it changed there.

The layer is kept in the cache under a key made of everything that went into it, so the same RUN over the same stage
is done once. What the machine sees is the stage's tree and what is mounted: nothing else of the host.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from friscy_build.dockerfile.mounts import Mount
from friscy_build.dockerfile.report import Step
from friscy_build.epoch import built_time, kept_time
from friscy_build.layers.archive import apply_layer, write_layer
from friscy_build.layers.cache import CachedLayer, LayerCache
from friscy_build.layers.lower import TreeLower
from lazyfs.errors import FriscyError, LinuxError
from lazyfs.tree import Node, Tree

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy_build.layers.machine import TreeMachine

FORMAT = 2  # of what a key is made of, and of what a machine leaves
MEMORY = 2 << 30
SCRIPTS = b"/dev/pipes"  # where BuildKit puts a heredoc that is a program


class RunError(FriscyError):
    """The command of a RUN failed, or could not be started."""


@dataclass(frozen=True)
class RunMount:
    """A mount with what is in it.

    tree: of bind, and what a new cache begins with; data: of a secret; agent: path of an agent's socket on the host.
    """

    mount: Mount
    tree: Node | None = None
    data: bytes = b""
    agent: str = ""
    identity: str = ""  # of the tree


@dataclass(frozen=True)
class RunJob:
    """One RUN, all expanded. parent: the digest of all that made the tree; scripts: files for /dev/pipes."""

    parent: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    user: str
    network: str
    mounts: Sequence[RunMount] = ()
    scripts: Mapping[str, bytes] = field(default_factory=dict)
    epoch_ns: int | None = None  # the build's time, see friscy_build.epoch; no part of the key
    unkeyed: frozenset[str] = frozenset()  # variables that decide how something is reached, not what it is

    def key(self, network: Sequence[str]) -> str:
        """The digest of everything that decides what comes out. A secret's value does not, as with BuildKit."""
        env = sorted((name, value) for name, value in self.env.items() if name not in self.unkeyed)
        mounts = [(repr(each.mount), each.identity) for each in self.mounts]
        facts = (
            FORMAT, self.parent, list(self.argv), env, self.cwd, self.user, sorted(network), mounts,
            sorted(self.scripts.items()), self.epoch_ns is None,
        )  # fmt: skip
        return sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()


Secrets = Callable[[str], bytes | None]
Agents = Callable[[str], str | None]


class Runner:
    """Does the RUNs of a build.

    interpreter: our interpreter module, or what makes it; use_cache: whether layers made earlier will do.
    secrets: a secret's value by its id, None: there is no such secret. agents: the host's socket of an SSH agent by
    its id, None: it is not granted. network: what a RUN may reach, as rules of
    friscy.kernel.net.policy; part of every key.
    """

    def __init__(
        self,
        interpreter: Path,
        cache: LayerCache,
        *,
        use_cache: bool = True,
        secrets: Secrets = lambda name: None,
        agents: Agents = lambda name: None,
        network: Sequence[str] = (),
        memory: int = MEMORY,
    ) -> None:
        self.interpreter, self.cache, self.use_cache = interpreter, cache, use_cache
        self.secrets, self.agents, self.network, self.memory = secrets, agents, network, memory
        self.kernels: set[Kernel] = set()  # that run now
        self.stopping = False

    def stop(self) -> None:
        """Make every RUN that is going on in another thread end as by ^C. From any thread."""
        self.stopping = True
        for kernel in list(self.kernels):
            kernel.stop()
            kernel.attend()

    def run(self, job: RunJob, tree: Tree, step: Step) -> CachedLayer:
        """Do `job` over `tree`, which is what its layer makes of it afterwards. RunError."""
        key = job.key(self._network(job))
        with self.cache.making(key, lambda: step.output(b"another build does this: waiting for it\n")):
            layer = self.cache.find(key) if self.use_cache else None
            if layer is not None:
                layer.apply(tree, built_time(job.epoch_ns))
                step.done("cached")
                return layer
            layer = self._run(job, key, tree, step)
        # A machine refers to itself, and holds the memories of all its processes until Python looks for such.
        gc.collect()
        layer.apply(tree, built_time(job.epoch_ns))
        step.done(f"done in {layer.seconds:.1f} s")
        return layer

    def _network(self, job: RunJob) -> Sequence[str]:
        return () if job.network == "none" else self.network

    def _run(self, job: RunJob, key: str, tree: Tree, step: Step) -> CachedLayer:
        from friscy.boot import Program, StartError
        from friscy.kernel.net.policy import Policy
        from friscy_build.layers.machine import TreeMachine

        machine = TreeMachine(
            tree, sha256(job.parent.encode()).digest(), self.interpreter, memory=self.memory
        )
        kernel = machine.kernel(step.output, Policy(self._network(job)))
        with ExitStack() as stack:
            stack.callback(kernel.vfs.close)
            stack.callback(kernel.console.close)
            kept = self._mount(job, machine, kernel, stack, step)
            _write_scripts(kernel, job.scripts)
            before, started_ns = machine.captured(kernel), kernel.realtime_ns()
            env = {**job.env, **self._secret_variables(job)}
            try:
                self.kernels.add(kernel)
                if self.stopping:
                    raise KeyboardInterrupt
                status = machine.run(kernel, Program(list(job.argv), env, job.cwd, job.user))
            except StartError as error:
                raise RunError(str(error.args[0]), hint=error.hint) from error
            finally:
                self.kernels.discard(kernel)
                for keep in kept:
                    keep()
            step.flush()
            if status != 0:
                said = "\n".join(f"    {line}" for line in step.tail)
                how = f"exit status {status}" + (f" (signal {status - 128})" if 128 < status < 193 else "")
                raise RunError(
                    f"the command ended with {how} after {step.seconds:.1f} s"
                    + (f":\n{said}" if said else "")
                )
            after = machine.captured(kernel)
            times = kept_time(started_ns, job.epoch_ns)
            return self.cache.store(key, lambda file: write_layer(before, after, file, times), step.seconds)

    def _secret_variables(self, job: RunJob) -> dict[str, str]:
        return {each.mount.env: os.fsdecode(each.data) for each in job.mounts if each.mount.env}

    # Mounts.

    def _mount(
        self, job: RunJob, machine: TreeMachine, kernel: Kernel, stack: ExitStack, step: Step
    ) -> list[Callable[[], None]]:
        """Mount all; what is to be called after the run, to keep what the cache mounts hold then."""
        kept: list[Callable[[], None]] = []
        for number, each in enumerate(sorted(job.mounts, key=lambda item: item.mount.target)):
            mount, name = each.mount, f"mount{number}"
            if not mount.target:
                continue
            target = os.fsencode(mount.target)
            try:
                if mount.kind == "tmpfs":
                    from friscy_build.layers.machine import make_place

                    place = make_place(kernel, target, directory=True)
                    kernel.vfs.mount(place, kernel.vfs.new_tmpfs(mount.size), source=b"tmpfs")
                elif mount.kind == "secret":
                    node = Node.file(each.data, mount.mode, uid=mount.uid, gid=mount.gid)
                    machine.mount_tree(kernel, target, _lower(node), name, readonly=False)
                elif mount.kind == "ssh":
                    from friscy.kernel.net.granted_socket import grant
                    from friscy_build.layers.machine import make_place

                    place = make_place(kernel, target, directory=False)
                    grant(kernel, place, each.agent, mode=mount.mode, uid=mount.uid, gid=mount.gid)
                elif mount.kind == "bind":
                    assert each.tree is not None
                    machine.mount_tree(kernel, target, _lower(each.tree), name, readonly=mount.readonly)
                else:
                    keep = self._mount_cache(each, machine, kernel, name, stack, step)
                    if keep is not None:
                        kept.append(keep)
            except LinuxError as error:
                raise RunError(f"--mount=type={mount.kind},target={mount.target}: {error}") from error
        return kept

    def _mount_cache(
        self, each: RunMount, machine: TreeMachine, kernel: Kernel, name: str, stack: ExitStack, step: Step
    ) -> Callable[[], None] | None:
        from friscy_build.layers.capture import captured

        mount = each.mount
        identity = sha256(mount.id.encode("utf-8", "surrogateescape")).hexdigest()
        if mount.sharing == "locked":
            waiting = f"another build has the cache {mount.id}: waiting for it\n".encode()
            stack.enter_context(self.cache.making(f"mount-{identity[:48]}", lambda: step.output(waiting)))
        tree = Tree(Node.directory(mount.mode, uid=mount.uid, gid=mount.gid))
        path = self.cache.mount_path(identity)
        if mount.sharing != "private" and path.exists():
            try:
                apply_layer(tree, path)
                os.utime(path)
            except (FriscyError, OSError):  # it is a cache: what cannot be read is begun anew
                tree = Tree(Node.directory(mount.mode, uid=mount.uid, gid=mount.gid))
        elif each.tree is not None:
            tree = Tree(each.tree)
        lower = _lower(tree.root)
        fs = machine.mount_tree(
            kernel,
            os.fsencode(mount.target),
            lower,
            name,
            readonly=mount.readonly,
            below=os.fsencode(mount.source),
        )
        if mount.readonly or mount.sharing == "private":
            return None
        empty = Tree(Node.directory(0))

        def keep() -> None:
            now = captured(kernel.vfs, fs, lower)

            def write(file: BinaryIO) -> None:
                write_layer(empty, now, file)

            self.cache.store_mount(identity, write)

        return keep


def _lower(node: Node) -> TreeLower:
    # Only the root filesystem's code is looked up by identity, so any that is no other's will do.
    return TreeLower(node, os.urandom(32))


def _write_scripts(kernel: Kernel, scripts: Mapping[str, bytes]) -> None:
    if not scripts:
        return
    from friscy.boot import root_context
    from friscy_build.layers.machine import make_place
    from lazyfs.abi import O_CREAT, O_WRONLY

    context = root_context(kernel)
    make_place(kernel, SCRIPTS, directory=True)
    for name, data in scripts.items():
        file = kernel.vfs.open(context, SCRIPTS + b"/" + os.fsencode(name), O_CREAT | O_WRONLY, 0o755)
        kernel.vfs.write(file, data)
        kernel.vfs.release(file)
