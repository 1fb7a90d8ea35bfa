"""What a build reads is found without building, and nothing else counts."""

from __future__ import annotations

import os

import pytest

from friscy_build.dockerfile import DockerfileError


@pytest.fixture
def files(project):
    for name in ("a", "b", "dir/x", "dir/y", "other/z"):
        project.write(name, name)
    return project


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("FROM b\nCOPY a /x", {"a"}),
        ("FROM b\nCOPY dir /x", {"dir/x", "dir/y"}),
        ("FROM b\nCOPY d*/x nothing* /x/", {"dir/x"}),
        ("FROM b\nARG D=dir\nENV E=$D/y\nCOPY $E /x", {"dir/y"}),
        ("FROM b\nCOPY $HOME/a /x", {"a", "b", "dir/x", "dir/y", "other/z"}),
        ("FROM b\nENV A=$FROM_BASE\nCOPY $A /x", {"a", "b", "dir/x", "dir/y", "other/z"}),
        ("FROM b\nENV A=$FROM_BASE\nENV A=a\nCOPY $A /x", {"a"}),
        ("FROM b AS s\nARG D=dir\nFROM s\nCOPY $D /x", {"dir/x", "dir/y"}),
        ("FROM b AS s\nCOPY a /\nFROM b\nCOPY b /\n", {"b"}),
        ("FROM b AS s\nCOPY a /\nFROM b\nCOPY --from=s b /\n", {"a"}),
        ("FROM b\nCOPY --from=image b /\n", set()),
        ("FROM b\nADD dir/x missing /\n", {"dir/x"}),
        ("FROM b AS s\nONBUILD COPY a /\nFROM s", {"a", "b", "dir/x", "dir/y", "other/z"}),
    ],
)
def test_files(files, text, names):
    assert files.names(files.inputs(text)) == names


def test_bases(files):
    text = "FROM unneeded\nFROM --platform=linux/amd64 a AS x\nFROM scratch\nCOPY --from=x a b\nCOPY --from=c:1 d e\n"
    assert files.inputs(text).bases == (("a", "linux/amd64"), ("c:1", "linux/riscv64"))


def test_digest_is_of_content_and_not_of_time(files):
    text = "FROM b\nARG V\nCOPY dir /x\n"
    first = files.inputs(text).digest
    os.utime(files.root / "dir/x")
    files.write("a", "not copied")
    assert files.inputs(text).digest == first
    changes = {
        "content": lambda: files.write("dir/x", "new"),
        "mode": lambda: files.write("dir/x", "dir/x", 0o755),
        "new file": lambda: files.write("dir/new"),
        "ignored": lambda: files.write(".dockerignore", "dir/x"),
    }
    seen = {first}
    for what, change in changes.items():
        change()
        digest = files.inputs(text).digest
        assert digest not in seen, what
        seen.add(digest)
    assert files.inputs(text, args={"V": "1"}).digest not in seen
    assert files.inputs(text + "\n").digest not in seen


def test_the_ignore_file_and_the_dockerfile_are_inputs(files):
    files.write(".dockerignore", "dir")
    inputs = files.inputs("FROM b\nCOPY . /\n")
    assert str(files.root / "Dockerfile") in inputs.files
    assert files.names(inputs) == {".dockerignore", "a", "b", "other/z"}
    assert len(set(inputs.files)) == len(inputs.files)


def test_errors_are_those_of_the_build(files):
    with pytest.raises(DockerfileError, match="unknown instruction"):
        files.inputs("FROM b\nCPOY a b\n")
    with pytest.raises(DockerfileError, match="--from=1 is no stage"):
        files.inputs("FROM b\nCOPY --from=1 a b\n")
    files.inputs("FROM b\nCOPY ../out missing [a /x/\nENV A=${\nRUN refused when it is built\n")
