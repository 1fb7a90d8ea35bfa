"""Stages and configuration: what each instruction leaves in the image, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dockerfile_project import content, listing
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy_build.dockerfile import DockerfileError

EXAMPLE = Path(__file__).parents[3] / "examples/python"


def test_configuration(project):
    image = project.build("""
FROM base
ARG NAME=world EMPTY=
ENV GREETING="hello $NAME" PATH=/opt/bin:$PATH
ENV A=old
ENV A=new B=$A
LABEL title=$GREETING "two words"='not $A'
WORKDIR /srv
WORKDIR app/../data
USER daemon:${NONE:-staff}
EXPOSE 80 $EMPTY 8000-8001/UDP
EXPOSE 80/tcp
VOLUME ["/v $A", "/w"]
STOPSIGNAL SIGINT
SHELL ["/bin/bash", "-c"]
HEALTHCHECK --interval=5s --retries=2 CMD curl localhost
ENTRYPOINT ["python3"]
CMD echo $A
MAINTAINER me
ONBUILD COPY x y
""")
    assert image.config == {
        "Env": ["PATH=/opt/bin:/usr/bin:/bin", "GREETING=hello world", "A=new", "B=old"],
        "Labels": {"title": "hello world", "two words": "not $A", "maintainer": "me"},
        "WorkingDir": "/srv/data",
        "User": "daemon:staff",
        "ExposedPorts": {"80/tcp": {}, "8000/udp": {}, "8001/udp": {}},
        "Volumes": {"/v new": {}, "/w": {}},
        "StopSignal": "SIGINT",
        "Shell": ["/bin/bash", "-c"],
        "Healthcheck": {"Test": ["CMD-SHELL", "curl localhost"], "Interval": 5 * 10**9, "Retries": 2},
        "Entrypoint": ["python3"],
        "Cmd": ["/bin/bash", "-c", "echo $A"],
        "OnBuild": ["COPY x y"],
    }
    assert listing(image) == {"/srv": "dir 755 0:0", "/srv/data": "dir 755 0:0"}


@pytest.mark.parametrize(
    ("instructions", "entrypoint", "cmd"),
    [
        ("", None, ["sh"]),
        ('ENTRYPOINT ["e"]', ["e"], None),
        ('CMD ["c"]\nENTRYPOINT ["e"]', ["e"], ["c"]),
        ('ENTRYPOINT ["e"]\nCMD ["c"]', ["e"], ["c"]),
        ("ENTRYPOINT e f", ["/bin/sh", "-c", "e f"], None),
        ("CMD []", None, None),
        ('CMD ["c"]\nFROM a\nENTRYPOINT ["e"]', ["e"], None),
    ],
)
def test_entrypoint_and_cmd(project, instructions, entrypoint, cmd):
    image = project.build(f"FROM base AS a\n{instructions}\n")
    assert (image.config.get("Entrypoint"), image.config.get("Cmd")) == (entrypoint, cmd)


def test_health_check_forms(project):
    assert project.build("FROM b\nHEALTHCHECK NONE").config["Healthcheck"] == {"Test": ["NONE"]}
    assert project.build('FROM b\nHEALTHCHECK CMD ["a", "b"]').config["Healthcheck"] == {
        "Test": ["CMD", "a", "b"]
    }


def test_argument_scopes(project):
    text = """
ARG BASE=one TAG=1
ARG FULL=$BASE:$TAG
FROM $FULL AS first
ARG TAG
ARG OWN=default
ENV FROM_TAG=$TAG FROM_BASE=$BASE. OWN_WAS=$OWN
FROM first
ARG OWN=ignored TARGETARCH BUILDPLATFORM
ENV OWN=wins
ENV CHECK=$TAG-$OWN-$TARGETARCH-$BUILDPLATFORM
ARG OWN
ENV LATER=$OWN
"""
    env = project.build(text, args={"TAG": "2", "OWN": "given"}).config["Env"]
    assert env[1:] == [
        "FROM_TAG=2", "FROM_BASE=.", "OWN_WAS=given", "OWN=wins", "CHECK=2-wins-riscv64-linux/riscv64",
        "LATER=given",
    ]  # fmt: skip
    assert project.asked == [("one:2", "linux/riscv64")]


def test_only_needed_stages_are_built(project):
    text = """
FROM unneeded
RUN this would be refused
FROM --platform=linux/amd64 tools AS Tools
FROM base AS app
COPY --from=tools /etc/group /g
FROM app AS last
FROM last AS test
RUN refused too
"""
    image = project.build(text, target="LAST")
    assert listing(image) == {"/g": "file 644 0:0"}
    assert project.asked == [("tools", "linux/amd64"), ("base", "linux/riscv64")]
    assert listing(project.build(text, target="2")) == {"/g": "file 644 0:0"}


def test_stages_do_not_change_each_other(project):
    project.write("a", "1")
    image = project.build("""
FROM base AS one
COPY a /dir/first
FROM one AS two
COPY a /dir/second
FROM one
COPY --from=two /dir /from-two
COPY --from=0 /dir/ /from-one
""")
    assert sorted(listing(image)) == [
        "/dir", "/dir/first", "/from-one", "/from-one/first", "/from-two", "/from-two/first", "/from-two/second",
    ]  # fmt: skip


def test_onbuild_runs_in_the_child_and_is_gone(project):
    project.write("src", "x")
    project.base_config = {"OnBuild": ["ENV FROM_BASE=1", "COPY src /from-base", "COPY <<E /h\ntext\nE"]}
    image = project.build("FROM base AS a\nONBUILD ENV STAGE=2\nFROM a\nENV LAST=3\n")
    assert image.config["Env"][1:] == ["FROM_BASE=1", "STAGE=2", "LAST=3"]
    assert "OnBuild" not in image.config
    assert content(image, "/h") == b"text\n"
    project.base_config = {"OnBuild": ["RUN make"]}
    with pytest.raises(
        DockerfileError, match=r"Dockerfile:2: ONBUILD of base: RUN make: RUN is not possible"
    ):
        project.build("\nFROM base\n")
    project.base_config = {"OnBuild": ["FROM x"]}
    with pytest.raises(
        DockerfileError, match="Dockerfile:1: FROM base: ONBUILD of base: FROM x: not one instruction"
    ):
        project.build("FROM base\n")


def test_scratch(project):
    image = project.build('FROM scratch\nCMD ["/x"]\n')
    assert image.config["Env"][0].startswith("PATH=/usr/local/sbin:")
    assert list(image.tree.walk())[1:] == []
    assert project.asked == []


def test_digest_covers_what_goes_in(project):
    project.write("a", "1")
    text = "FROM base\nARG V=1\nENV V=$V\nCOPY a /a\n"
    first = project.build(text).digest
    assert project.build("# comment\n" + text).digest == first
    assert project.build(text, args={"V": "2"}).digest != first
    assert project.build(text.replace("base", "other")).digest != first
    assert project.build(text.replace("/a\n", "/b\n")).digest != first
    project.write("a", "2")
    assert project.build(text).digest != first
    project.write("a", "1", 0o600)
    assert project.build(text).digest != first
    project.write("a", "1")
    assert project.build(text).digest == first


def test_the_python_example(project):
    from friscy_build.dockerfile import build_image

    image = build_image(EXAMPLE / "Dockerfile", EXAMPLE, resolve_base=project.resolve_base)
    assert project.asked == [("python:3.13-slim", "linux/riscv64")]
    assert sorted(listing(image)) == ["/app", "/app/app.py", "/app/planets.json"]
    assert (image.config["Entrypoint"], image.config["Cmd"]) == (["python3"], ["app.py"])
    assert image.config["WorkingDir"] == "/app"


REFUSED = [
    (
        "FROM b\nRUN apt-get update && apt-get install -y curl git=1 \\\n && rm -r x",
        2,
        "RUN is not possible: this build has no machine",
        "",
    ),
    ("FROM b\nRUN --security=insecure make", 2, "--security=insecure is not possible", "machine of its own"),
    (
        "FROM b\nRUN --mount=type=bind,from=c,target=/x,from=$A y",
        2,
        "from cannot have variables",
        "FROM with AS",
    ),
    ("FROM b\nRUN --mount=type=bind,from=1,target=/x y", 2, "from=1 is no stage", "earlier ones only"),
    ("FROM $NOPE", 1, "$NOPE is empty", "args"),
    ("FROM ${X:?give}", 1, "X: give", ""),
    ("\nARG A=${X:?give}\nFROM b", 2, "X: give", ""),
    ("FROM --platform=linux/amd64 b", 1, "for linux/amd64", "--platform"),
    ("FROM b AS x\nCOPY --from=x /a /b", 2, "--from=x is this stage or comes later", "earlier"),
    ("FROM b\nCOPY --from=7 /a /b", 2, "--from=7 is no stage", ""),
    ("FROM b\nCOPY --from=$X /a /b", 2, "--from cannot have variables", "AS"),
    ("FROM b\nCOPY --from=scratch /a /b", 2, "nothing in scratch", ""),
    ("FROM b\nENV A=${", 2, "missing '}'", ""),
    ("FROM b\nENV $NONE=1", 2, "name is empty", ""),
    ("FROM b\nWORKDIR $NONE", 2, "$NONE is empty", ""),
    ("FROM b\nWORKDIR /etc/passwd/x", 2, "/etc/passwd is no directory in the image", ""),
    ("FROM b\nUSER $NONE", 2, "$NONE is empty", ""),
    ("FROM b\nWORKDIR /" + "x" * 256, 2, "is not a name", ""),
    ("FROM b\nCOPY <<" + "x" * 256 + " /d/\n" + "x" * 256, 2, "is not a name", ""),
    ('FROM b\nCOPY ["a\\u0000", "/d"]', 2, "a NUL byte", ""),
    ("FROM b\nCOPY " + "x" * 256 + " /d", 2, "File name too long", ""),
    ("FROM b\nEXPOSE 0", 2, "'0' is no port", ""),
    ("FROM b\nEXPOSE 70000", 2, "'70000' is no port", ""),
    ("FROM b\nEXPOSE 9-8", 2, "'9-8' is no port", ""),
    ("FROM b\nEXPOSE 8080:80", 2, "'8080:80' is no port", "publishes"),
    ("FROM b\nSTOPSIGNAL SIGNOPE", 2, "'SIGNOPE' is no signal", "SIGTERM"),
    ("FROM b\nSTOPSIGNAL 65", 2, "'65' is no signal", ""),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), REFUSED)
def test_refusals(project, text, line, message, hint):
    with pytest.raises(DockerfileError) as caught:
        project.build(text)
    assert caught.value.line == line
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("signal", ["9", "SIGTERM", "term", "SIGRTMIN+3", "RTMAX-1"])
def test_signals(project, signal):
    assert project.build(f"FROM b\nSTOPSIGNAL {signal}").config["StopSignal"] == signal


def test_wrong_arguments_targets_and_files(project, tmp_path):
    with pytest.raises(DockerfileError, match="no ARG takes argument 'VERSON'\n  did you mean 'VERSION'"):
        project.build("FROM b\nARG VERSION\n", args={"VERSON": "1"})
    project.build("FROM b\n", args={"HTTP_PROXY": "x", "TARGETARCH": "y"})
    with pytest.raises(DockerfileError, match="no stage 'tset'\n  did you mean 'test'"):
        project.build("FROM b AS test", target="tset")
    with pytest.raises(DockerfileError, match=r"context .*nowhere is no directory"):
        project.build("FROM b", context=tmp_path / "nowhere")
    with pytest.raises(DockerfileError, match=r"context 'n': .* is no directory"):
        project.build("FROM b", named_contexts={"n": tmp_path / "nowhere"})
    (project.root / "Dockerfile").unlink()
    (project.root / "Dockerfile").mkdir()
    with pytest.raises(DockerfileError, match="cannot be read: Is a directory"):
        project.build_existing()


def test_not_text(project):
    (project.root / "Dockerfile").write_bytes(b"FROM x\n\xff\n")
    with pytest.raises(DockerfileError, match=r"Dockerfile:2: expected UTF-8"):
        project.build_existing()
    (project.root / "Dockerfile").write_bytes(b"#" * (5 << 20))
    with pytest.raises(DockerfileError, match="above 4 MiB"):
        project.build_existing()


def test_progress_counts_the_instructions_of_a_stage(project):
    seen = []
    project.build("FROM b AS s\nENV A=1\nWORKDIR /x\n", progress=lambda *step: seen.append(step))
    assert seen == [("s", 0, 2), ("s", 1, 2), ("s", 2, 2)]


def test_a_long_chain_of_stages(project):
    text = "FROM b AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nENV A={n}\n" for n in range(1500))
    assert project.build(text).config["Env"][-1] == "A=1499"


PIECES = """\
FROM base
FROM base AS s
FROM s
FROM scratch
ARG A=1
ENV A=$A B=${A%x}
ENV A=${B:?no}
WORKDIR x
WORKDIR /bin/../$A
USER $A
COPY a /x
COPY . .
COPY d x/
COPY x* /etc/
COPY --from=s / /all
COPY --from=0 /etc x
COPY --chown=daemon --chmod=a+x d .
COPY --parents d/./l /p
COPY --exclude=** . /n
COPY --link a bin/x
COPY ../a b
COPY d/l l
COPY <<E e\\n$A\\nE
COPY <<E e\\n${\\nE
ADD t.tar d
ADD [ x
EXPOSE $A 80
VOLUME ["/$A"]
LABEL $A=1 2
CMD x
ENTRYPOINT []
SHELL ["a"]
RUN x
ONBUILD COPY a /on
ONBUILD RUN x
STOPSIGNAL $A
HEALTHCHECK NONE
""".splitlines()


def test_any_dockerfile_builds_or_is_refused(project):
    project.write("a", "$A")
    project.write("d/f", "f")
    project.write("t.tar", bytes(600))
    os.symlink("../a", project.root / "d/l")
    os.symlink("/etc", project.root / "x-out")
    outcomes = {"built": 0, "refused": 0}

    @settings(max_examples=250, derandomize=True, deadline=None)
    @given(st.lists(st.sampled_from(PIECES), max_size=9).map("\n".join))
    def attempt(pieces):
        text = "FROM base AS s\n" + pieces.replace("\\n", "\n")
        try:
            image = project.build(text)
        except DockerfileError:
            outcomes["refused"] += 1
        else:
            again = project.build(text)
            assert (again.digest, again.config, listing(again)) == (
                image.digest,
                image.config,
                listing(image),
            )
            outcomes["built"] += 1
        project.root.joinpath("Dockerfile").unlink()

    attempt()
    assert min(outcomes.values()) > 20


def test_a_named_context_as_base(project, tmp_path):
    rootfs = tmp_path / "rootfs"
    (rootfs / "etc").mkdir(parents=True)
    (rootfs / "etc" / "motd").write_text("hello")
    text = "FROM other AS other\nENV A=1\nFROM mine\nCOPY --from=other /etc/passwd /p\n"
    image = project.build(text, named_contexts={"mine": rootfs})
    assert sorted(listing(image)) == ["/etc/motd", "/p"]
    assert image.config == {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
    assert content(image, "/etc/motd") == b"hello"
    assert str(rootfs / "etc" / "motd") in project.inputs(text, named_contexts={"mine": rootfs}).files
    over = project.build("FROM base AS other\nFROM other\n", named_contexts={"other": rootfs})
    assert sorted(listing(over)) == ["/etc/motd"], "a context goes before a stage of its name"
    again = project.build(text, named_contexts={"mine": rootfs})
    assert again.digest == image.digest
    (rootfs / "etc" / "motd").write_text("changed")
    assert project.build(text, named_contexts={"mine": rootfs}).digest != image.digest
