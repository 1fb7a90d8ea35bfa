"""RUN in our machine: its forms, what it sees, what it leaves, and when it is done again."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import threading

import pytest
from built import Builder
from guest_sources import compile_guest
from required_tools import require_tool

from friscy_build.dockerfile import BuiltImage, DockerfileError
from friscy_build.dockerfile.report import LineReport
from lazyfs.tree import Node


@pytest.fixture
def builder(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return Builder(tmp_path)


def at(image: BuiltImage, path: str) -> Node:
    node = image.tree.lookup(path.encode())
    assert node is not None, path
    return node


def text(image: BuiltImage, path: str) -> str:
    content = at(image, path).content
    assert content is not None
    return content.read(0, content.length).decode()


def facts(node: Node) -> str:
    return f"{node.kind} {node.mode:o} {node.uid}:{node.gid}"


def test_the_layer_is_exactly_what_changed(builder):
    image = builder.build(
        """FROM base
RUN mkdir -p /made/a && chown 7:8 /made && chmod 2750 /made && echo hi > /made/a/f \\
 && rm /data/deep/one && rmdir /data/deep && mkdir /data/deep && echo new > /data/deep/new \\
 && echo more >> /data/linked && ln /made/a/f /made/hard && ln -s ../x /made/soft && mkfifo /made/fifo \\
 && mknod /made/null c 1 3 && chmod 4755 /made/a/f && touch -h -d @1000000000 /made/soft \\
 && truncate -s 300000 /made/sparse && printf end >> /made/sparse \\
 && mkdir /tmp/x /dev/mine && echo x > /tmp/x/y && rm -r /tmp/x
"""
    )
    assert [facts(at(image, path)) for path in ("/made", "/made/a", "/made/a/f", "/made/fifo", "/made/null")] == [
        "dir 2750 7:8", "dir 755 0:0", "file 4755 0:0", "fifo 644 0:8", "char 644 0:8",
    ]  # fmt: skip
    assert at(image, "/made/null").rdev == (1, 3)
    assert at(image, "/made/hard") is at(image, "/made/a/f")
    assert (at(image, "/made/soft").target, at(image, "/made/soft").mtime_ns) == (b"../x", 10**18)
    assert sorted(at(image, "/data/deep").children) == [b"new"]
    assert text(image, "/data/two") == text(image, "/data/linked") == "two\nmore\n"
    assert at(image, "/data/two") is at(image, "/data/linked")
    sparse = at(image, "/made/sparse").content
    assert sparse.length == 300003
    assert sum(extent.length for extent in sparse.extents) < 10000
    assert sparse.read(299990, 20) == bytes(10) + b"end"
    assert at(image, "/made/a/f").mtime_ns % 1000, "to the nanosecond"
    # What the machine has of its own is not in it: mount points, and the files docker mounts over an image.
    image_itself = builder.build("FROM base")
    assert image.tree.root.children.keys() - image_itself.tree.root.children.keys() == {b"made"}
    assert at(image, "/etc").children.keys() == at(image_itself, "/etc").children.keys()
    assert at(image, "/dev").children == at(image, "/proc").children == at(image, "/tmp").children == {}


def test_a_run_that_changes_nothing_leaves_nothing(builder):
    before = builder.build("FROM base")
    image = builder.build("FROM base\nRUN cat /data/two && ls -R / > /dev/null")
    assert builder.output == ["two"]
    assert [path for path, _ in image.tree.walk()] == [path for path, _ in before.tree.walk()]
    assert all(image.tree.lookup(path).mtime_ns == node.mtime_ns for path, node in before.tree.walk())


def test_forms(builder):
    builder.build(
        """FROM base
RUN echo "shell $HOME" $((1+1)); echo error >&2
RUN ["/bin/echo", "exec", "$HOME"]
SHELL ["/bin/sh", "-euc"]
RUN echo $-
SHELL ["/bin/sh", "-c"]
RUN <<EOF
echo heredoc $HOME
cd /data
pwd
EOF
RUN <<SCRIPT
#!/bin/sed 1,2d
gone
as a program
SCRIPT
RUN cat <<A - <<'B' > /tmp/out && cat /tmp/out
first $HOME
A
second $HOME
B
RUN <<-TABS
	echo "	tabs"
	TABS
"""
    )
    assert builder.output == [
        "shell /root 2", "error", "exec $HOME", "uce", "heredoc /root", "/data", "as a program", "second $HOME",
        "\ttabs",
    ]  # fmt: skip


def test_environment_directory_and_user(builder):
    image = builder.build(
        """ARG GLOBAL=outside
FROM base AS first
ARG WITH=default
ARG WITHOUT
ARG GIVEN=unused
ARG GLOBAL
ARG TARGETARCH TARGETSTAGE
ENV E="a b" WITH_ENV=$WITH
WORKDIR /place/dir
RUN env | sort | grep -v -e HOSTNAME; pwd; id
USER app
RUN id; echo $HOME; touch /tmp/mine; test ! -w /etc/passwd
USER 5:7
RUN id -u; id -g; echo $HOME
USER app:extra
RUN id -gn
FROM first
RUN echo "[$WITH] [$E]"
""",
        args={"GIVEN": "by hand", "HTTP_PROXY": "http://proxy"},
    )
    assert builder.output[:14] == [
        "E=a b", "GIVEN=by hand", "GLOBAL=outside", "HOME=/root", "HTTP_PROXY=http://proxy", "PATH=/bin",
        "PWD=/place/dir", "SHLVL=1", "TARGETARCH=riscv64", "TARGETSTAGE=default", "WITH=default", "WITH_ENV=default",
        "http_proxy=http://proxy", "/place/dir",
    ]  # fmt: skip
    assert builder.output[14:] == [
        "uid=0(root) gid=0(root)", "uid=1000(app) gid=1000(app) groups=44(extra)",
        "/home/app", "5", "7", "/", "extra", "[default] [a b]",
    ]  # fmt: skip
    assert facts(at(image, "/tmp/mine")) == "file 644 1000:1000"
    assert facts(at(image, "/place/dir")) == "dir 755 0:0"


def test_a_failure_names_line_status_and_last_output(builder):
    with pytest.raises(DockerfileError) as caught:
        builder.build(
            "FROM base\n\nRUN for n in $(seq 30); do echo line $n; done; \\\n echo oops >&2; exit 3\n"
        )
    error = caught.value
    assert error.line == 3
    assert re.match(r"the command ended with exit status 3 after \d+\.\d s:\n    line 12\n", error.message)
    assert error.message.endswith("line 30\n    oops")
    with pytest.raises(DockerfileError, match=r"exit status 127.*\n.*nosuch"):
        builder.build("FROM base\nRUN nosuch")
    with pytest.raises(DockerfileError, match="no program 'nosuch' in the guest's PATH"):
        builder.build('FROM base\nRUN ["nosuch"]')
    with pytest.raises(DockerfileError, match=r"ended with exit status 137 \(signal 9\)"):
        builder.build("FROM base\nRUN sh -c 'kill -9 $$'; exit $?")
    with pytest.raises(DockerfileError, match="no user 'nobody'"):
        builder.build("FROM base\nUSER nobody\nRUN true")
    assert builder.cache.files() == []


def test_an_edited_line_is_done_again_from_there(builder):
    (builder.context / "a").write_text("a\n")
    dockerfile = "FROM base\nRUN echo one\nCOPY a /\nRUN echo two; cat /a\nENV X=1\nRUN echo three\n"
    first = builder.build(dockerfile)
    assert (builder.count("done in"), builder.count("cached")) == (3, 0)
    again = builder.build(dockerfile)
    assert (builder.count("done in"), builder.count("cached"), builder.output) == (0, 3, [])
    assert again.digest == first.digest
    builder.build(dockerfile.replace("X=1", "X=2"))
    assert (builder.output, builder.count("cached")) == (["three"], 2)
    os.utime(builder.context / "a", (1, 1))
    builder.build(dockerfile)
    assert builder.count("cached") == 3, "a fresh checkout has other times"
    (builder.context / "a").write_text("changed\n")
    builder.build(dockerfile)
    assert (builder.output, builder.count("cached")) == (["two", "changed", "three"], 1)
    builder.build(dockerfile, runner=builder.runner(use_cache=False))
    assert builder.count("done in") == 3


def test_what_a_key_is_made_of(builder):
    dockerfile = "FROM base\nARG A=1\n{extra}RUN {flags}true\n"
    variants = [
        {}, {"extra": "ARG B=2\n"}, {"extra": "USER app\n"}, {"extra": "WORKDIR /w\n"},
        {"extra": 'SHELL ["/bin/ash", "-c"]\n'}, {"flags": "--network=none "},
        {"flags": "--mount=type=tmpfs,target=/t "},
    ]  # fmt: skip
    for variant in variants:
        builder.build(dockerfile.format(**{"extra": "", "flags": "", **variant}))
        assert builder.count("done in") == 1, variant
    builder.build(dockerfile.format(extra="", flags=""), args={"A": "2"})
    assert builder.count("done in") == 1
    builder.build(dockerfile.format(extra="", flags=""), args={"HTTP_PROXY": "p"})
    assert builder.count("cached") == 1, "how the network is reached is no part of what comes out"


def test_bind_mounts(builder):
    (builder.context / "dir").mkdir()
    (builder.context / "dir" / "f").write_text("context\n")
    (builder.context / ".dockerignore").write_text("dir/ignored\n")
    (builder.context / "dir" / "ignored").write_text("x")
    dockerfile = """FROM base AS other
RUN echo from stage > /made
FROM base
RUN --mount=target=/src,source=dir ls /src; cat /src/f; touch /src/x 2>&1; true
RUN --mount=type=bind,from=other,source=/made,target=/file,rw cat /file; echo lost >> /file; cat /file
"""
    image = builder.build(dockerfile)
    assert builder.output[:3] == ["f", "context", "touch: /src/x: Read-only file system"]
    assert builder.output[3:] == ["from stage", "from stage", "lost"]
    assert image.tree.lookup(b"/src") is None
    assert image.tree.lookup(b"/file") is None
    (builder.context / "dir" / "f").write_text("edited\n")
    builder.build(dockerfile)
    assert "edited" in builder.output
    assert builder.count("cached") == 2, "what changed nothing has the same layer as before"
    with pytest.raises(DockerfileError, match="no nothing in the build context to mount"):
        builder.build("FROM base\nRUN --mount=source=nothing,target=/x true")


def test_cache_mounts_are_kept(builder):
    run = "RUN --mount=type=cache,target=/c,id=mine,uid=1000,mode=0700 {}\n"
    image = builder.build(
        "FROM base\n" + run.format("ls -ldn /c | cut -c1-30; echo one > /c/f; ln /c/f /c/g")
    )
    assert image.tree.lookup(b"/c") is None
    builder.build(
        "FROM base\nUSER app\n" + run.format("cat /c/g; stat -c '%u %a %h' /c /c/f; echo two > /c/h")
    )
    assert builder.output == ["one", "1000 700 2", "0 644 2"]
    with pytest.raises(DockerfileError):
        builder.build("FROM base\n" + run.format("echo kept > /c/failed; false"))
    builder.build("FROM base\n" + run.format("ls /c"))
    assert builder.output == ["f", "failed", "g", "h"]
    builder.build("FROM base\nRUN --mount=type=cache,target=/c,id=mine,sharing=private ls /c; echo none")
    assert builder.output == ["none"]
    builder.build(
        "FROM base\nRUN --mount=type=cache,target=/c,id=mine,sharing=locked,ro ls /c; touch /c/x 2>&1; true"
    )
    assert builder.output[-1] == "touch: /c/x: Read-only file system"
    builder.build("FROM base AS s\nRUN echo start > /start\nFROM base\n"
                  "RUN --mount=type=cache,target=/c,id=new,from=s,source=/ cat /c/start")  # fmt: skip
    assert builder.output[-1] == "start"
    part = "RUN --mount=type=cache,target=/c,id=new,source=/sub {}\n"
    builder.build("FROM base\nRUN --mount=type=cache,target=/c,id=new mkdir /c/sub; ln -s /etc /c/link\n"
                  + part.format("echo part > /c/file"))  # fmt: skip
    builder.build("FROM base\nRUN --mount=type=cache,target=/c,id=new cat /c/sub/file /c/start")
    assert builder.output == ["part", "start"]
    for source, message in (("link", "ENOTDIR"), ("none", "ENOENT"), ("link/x", "ENOENT")):
        with pytest.raises(DockerfileError, match=message):
            builder.build(f"FROM base\nRUN --mount=type=cache,target=/c,id=new,source={source} ls /c")


def test_tmpfs_and_secrets(builder):
    builder.secrets = {"token": b"s3cret", "var": b"value"}
    image = builder.build(
        """FROM base
RUN --mount=type=tmpfs,target=/t,size=64k dd if=/dev/zero of=/t/f bs=1k count=100 2>&1 | grep -o 'No space.*'
RUN --mount=type=secret,id=token cat /run/secrets/token; stat -c ' %a %u' /run/secrets/token
RUN --mount=type=secret,id=token,target=/x/t,mode=0444,uid=7 stat -c '%a %u' /x/t
RUN --mount=type=secret,id=var,env=VAR echo $VAR; ls /run 2>&1
RUN --mount=type=secret,id=absent ls /run/secrets 2>&1 || true
"""
    )
    assert builder.output[0] == "No space left on device"
    assert builder.output[1:4] == ["s3cret 400 0", "444 7", "value"]
    assert image.tree.lookup(b"/run/secrets") is None
    assert image.tree.lookup(b"/x") is None
    builder.secrets = {"token": b"another"}
    builder.build("FROM base\nRUN --mount=type=secret,id=token,required cat /run/secrets/token")
    assert builder.output == ["another"]
    assert not any(b"another" in path.read_bytes() for path in builder.cache.files())
    with pytest.raises(DockerfileError, match="there is no secret 'absent'"):
        builder.build("FROM base\nRUN --mount=type=secret,id=absent,required=true true")


@pytest.fixture
def agent(tmp_path):
    """The socket of a real agent with one key, "the key of a test"."""
    path, key = str(tmp_path / "agent"), tmp_path / "key"
    with subprocess.Popen([require_tool("ssh-agent"), "-D", "-a", path], stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # it listens when it says where
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "the key of a test", "-f", key], check=True
        )
        subprocess.run(["ssh-add", "-q", key], env={**os.environ, "SSH_AUTH_SOCK": path}, check=True)
        yield path
        process.terminate()


def test_an_ssh_agent(builder, agent, guest_cache):
    builder.agents = {"default": agent, "deploy": agent}
    (builder.context / "agent").write_bytes(compile_guest("agent", guest_cache).read_bytes())
    image = builder.build(
        """FROM base
COPY --chmod=755 agent /bin/
RUN --mount=type=ssh agent; echo $SSH_AUTH_SOCK; stat -c '%F %a %u' $SSH_AUTH_SOCK
RUN --mount=type=ssh --mount=type=ssh,id=deploy,target=/x/y,mode=0666,uid=7 \
    SSH_AUTH_SOCK=/x/y agent; echo $SSH_AUTH_SOCK; stat -c '%a %u' /x/y
RUN --mount=type=ssh,id=other --mount=type=ssh,id=deploy agent; SSH_AUTH_SOCK=/run/buildkit/ssh_agent.1 agent
ENV SSH_AUTH_SOCK=/mine
RUN --mount=type=ssh,target=/mine agent && echo $SSH_AUTH_SOCK
USER app
RUN --mount=type=ssh agent; SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0 agent || true
RUN --mount=type=ssh,mode=0600,uid=1000,gid=1000,target=/mine agent
"""
    )
    keys = ["12: 1 keys", "the key of a test"]
    assert builder.output == [
        *keys, "/run/buildkit/ssh_agent.0", "socket 600 0",
        *keys, "/run/buildkit/ssh_agent.0", "666 7",
        "/run/buildkit/ssh_agent.0: ENOENT", *keys,
        *keys, "/mine",
        "/mine: ENOENT", "/run/buildkit/ssh_agent.0: EACCES",
        *keys,
    ]  # fmt: skip
    assert [image.tree.lookup(path) for path in (b"/run/buildkit", b"/x", b"/mine")] == [None] * 3


def test_an_agent_is_asked_for_and_granted(builder, agent, guest_cache):
    (builder.context / "agent").write_bytes(compile_guest("agent", guest_cache).read_bytes())
    run = "FROM base\nCOPY --chmod=755 agent /bin/\nRUN {} agent; true"
    builder.agents = {"default": agent}
    builder.build(run.format("SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0"))
    assert builder.output == ["/run/buildkit/ssh_agent.0: ENOENT"], "not without a mount"
    builder.agents = {"other": agent}
    builder.build(run.format("--mount=type=ssh"))
    assert builder.output == ["/run/buildkit/ssh_agent.0: ENOENT"], "not without a grant"
    with pytest.raises(DockerfileError, match="there is no SSH agent 'default'") as caught:
        builder.build(run.format("--mount=type=ssh,required"))
    assert "[build.ssh] default" in caught.value.hint
    builder.agents = {"default": agent + "-gone"}
    builder.build(run.format("--mount=type=ssh"))
    assert builder.output == ["/run/buildkit/ssh_agent.0: ECONNREFUSED"]


WRONG_MOUNTS = [
    ("type=bind,source=x", "a bind mount needs target=PATH"),
    ("type=tmpfs,target=/x,size=big", "size=big is no size"),
    ("type=tmpfs,target=/x,uid=1", "a tmpfs mount has no option 'uid'"),
    ("type=cache,target=/", "cannot take the place of /"),
    ("type=cache,target=/x,sharing=lock", "sharing=lock is unknown"),
    ("type=cache,target=/x,mode=999", "mode=999 is no octal mode"),
    ("type=cache,target=/x,uid=-1", "uid=-1 is no number"),
    ("type=cache,target=/x,ro=maybe", "readonly=maybe is neither"),
    ("type=secret", "a secret mount needs id=NAME"),
    ("type=$T,target=/x", "unknown mount type ''"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), WRONG_MOUNTS)
def test_wrong_mounts(builder, options, message):
    with pytest.raises(DockerfileError, match=re.escape(message)) as caught:
        builder.build(f"FROM base\nRUN --mount={options} true")
    assert caught.value.line == 2


def test_times_of_a_build_that_has_one(builder):
    (builder.context / "file").write_text("f")
    dockerfile = """FROM base
ARG SOURCE_DATE_EPOCH
COPY file /file
RUN echo x > /x; mkdir /d; touch -d @5 /old; touch -d @1800000000 /late; chmod 700 /file
RUN echo $SOURCE_DATE_EPOCH $(stat -c %Y /x /old) > /told
"""
    epoch_ns = 1_700_000_000 * 10**9
    first = builder.build(dockerfile, epoch_ns=epoch_ns)
    for name in ("/x", "/d", "/late", "/file", "/told"):
        assert at(first, name).mtime_ns == epoch_ns
    assert at(first, "/old").mtime_ns == 5 * 10**9
    assert text(first, "/told") == "1700000000 1700000000 5\n"
    second = builder.build(dockerfile, runner=builder.runner(use_cache=False), epoch_ns=epoch_ns)
    assert second.digest == first.digest


def test_a_layer_serves_builds_of_any_time(builder):
    dockerfile = "FROM base\nRUN echo x > /x; touch -d @5 /old; chmod 1770 /tmp\n"
    builder.build(dockerfile, epoch_ns=1_700_000_000 * 10**9)
    later = builder.build(dockerfile, epoch_ns=1_710_000_000 * 10**9)
    assert any("cached" in line for line in builder.lines)
    assert at(later, "/x").mtime_ns == 1_710_000_000 * 10**9
    assert at(later, "/old").mtime_ns == 5 * 10**9
    own = builder.build(dockerfile)
    assert not any("cached" in line for line in builder.lines)
    assert at(own, "/x").mtime_ns > 1_710_000_000 * 10**9


def test_an_onbuild_run(builder):
    original = builder.base

    def base(reference, platform):
        image = original(reference, platform)
        image.config["OnBuild"] = ["RUN echo triggered"]
        return image

    builder.base = base
    builder.build("FROM base\nRUN echo own")
    assert builder.output == ["triggered", "own"]


def test_the_files_docker_mounts_are_not_the_images(builder):
    original = builder.base

    def base(reference, platform):
        image = original(reference, platform)
        image.tree.add(b"/etc/hosts", Node.file(b"the image's\n"))
        image.tree.add(b"/etc/resolv.conf", Node.symlink(b"../run/made/resolv.conf"))
        return image

    builder.base = base
    image = builder.build(
        "FROM base\nRUN grep -c localhost /etc/hosts; echo x >> /etc/hosts; echo y > /etc/resolv.conf; "
        "mv /etc/hosts /x; cat /etc/resolv.conf\n"
    )
    assert builder.output[0] == "2"
    assert "busy" in builder.output[1]
    assert builder.output[2] == "y"
    assert text(image, "/etc/hosts") == "the image's\n"
    assert at(image, "/etc/resolv.conf").kind == "symlink"
    assert image.tree.lookup(b"/run/made") is None
    assert at(image, "/etc").mtime_ns == at(builder.build("FROM base"), "/etc").mtime_ns


def test_stages_are_built_side_by_side(builder):
    both = threading.Barrier(2)

    class Meeting(LineReport):
        def line(self, where, text):
            if "here" in text and "RUN" not in text:
                both.wait(60)
            super().line(where, text)

    image = builder.build(
        """FROM base AS one
RUN echo here; echo 1 > /one
FROM base AS two
RUN echo here; echo 2 > /two
FROM base AS never
RUN false
FROM base
COPY --from=one /one /
COPY --from=two /two /
RUN cat /one /two
""",
        report=Meeting(builder.lines.append),
    )
    assert builder.output[-2:] == ["1", "2"]
    assert text(image, "/two") == "2\n"


def test_one_failure_ends_the_others(builder):
    began = threading.Event()

    class Waiting(LineReport):
        def line(self, where, text):
            if "began" in text and "RUN" not in text:
                began.set()
            if "fail" in text and "RUN" not in text:
                assert began.wait(60)
            super().line(where, text)

    with pytest.raises(DockerfileError, match="exit status 1"):
        builder.build(
            "FROM base AS one\nRUN echo fail; false\nFROM base AS two\nRUN echo began; while :; do :; done\n"
            "FROM base\nCOPY --from=one / /\nCOPY --from=two / /\n",
            report=Waiting(builder.lines.append),
        )


INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from built import Builder
from friscy_build.dockerfile.report import LineReport
def said(line):
    if "began" in line and "RUN" not in line:
        os.kill(os.getpid(), signal.SIGINT)
builder = Builder(Path(sys.argv[1]))
try:
    builder.build("FROM base\\nRUN echo began; while :; do :; done\\n", report=LineReport(said))
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_ends_a_run(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, tmp_path], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


def test_a_layer_that_cannot_be_kept_names_its_line(builder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DockerfileError, match=r"Dockerfile:2: RUN .*says that a file is gone"):
        builder.build("FROM base\nRUN touch /.wh.file\n")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DockerfileError, match=r"Dockerfile:2: RUN .*the disk is full.*\n  make room"):
        builder.build("FROM base\nRUN echo x > /x\n")
    monkeypatch.undo()
    builder.build("FROM base\nRUN echo x > /x\n")
    assert builder.count("done in") == 1
