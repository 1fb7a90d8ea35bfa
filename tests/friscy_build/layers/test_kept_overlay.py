"""What a bundle's runs write, kept in a directory: run again over it, listed, committed, exported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile

import pytest
from built import busybox
from rootfs import interpreter

from friscy.bundle import CHUNKS, INDEX, INTERPRETER, open_bundle
from friscy.cli.main import main
from friscy_build.bundle import describe, write_bundle
from friscy_build.commit import changed_config, commit
from friscy_build.dockerfile import DockerfileError
from friscy_build.layers.kept import KeptOverlay
from lazyfs.errors import FriscyError, UsageError
from lazyfs.index_writer import write_index


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    place = tmp_path_factory.mktemp("bundle")
    summary = write_index(busybox().tree, place / INDEX, place / CHUNKS, level=1)
    manifest = describe(
        name="small", config={"Cmd": ["sh"], "Env": ["PATH=/bin"], "Labels": {"a": "1"}}, image_digest="sha256:1",
        origin="test", index_digest=summary.index_digest.hex(), memory=1 << 28, snapshot_at="none", tools={},
    )  # fmt: skip
    parts = {INDEX: place / INDEX, CHUNKS: place / CHUNKS, INTERPRETER: interpreter()}
    write_bundle(place / "small", manifest, parts)
    return place / "small"


def run(bundle, overlay, script: str) -> str:
    """What a run of `script` over the overlay prints."""
    done = subprocess.run(
        [sys.executable, "-m", "friscy.cli.main", "run", "--overlay", overlay, bundle, "--", "sh", "-c", script],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0, script
    return done.stdout


def diff(bundle, overlay, capsys) -> list[str]:
    assert main(["diff", str(bundle), "--overlay", str(overlay)]) == 0
    return capsys.readouterr().out.splitlines()


def test_what_was_written_is_there_again(bundle, tmp_path, capsys):
    over = tmp_path / "over"
    run(bundle, over, "true")
    assert diff(bundle, over, capsys) == [], "the machine's own files and mount points are no changes"
    run(
        bundle, over,
        "echo new > /new; chmod 640 /new; chown 3:4 /new; ln /new /data/hard; rm -r /data/deep; "
        "echo more >> /data/two; mkdir -p /data/deep/er; mv /data/deep /moved; mkfifo /pipe; "
        "ln -s new /soft; touch -d @77 /tmp; truncate -s 1M /sparse; echo end >> /sparse; mkdir /data/deep",
    )  # fmt: skip
    lines = diff(bundle, over, capsys)
    assert lines == [
        "C /", "C /data", "C /data/deep", "D /data/deep/one", "A /data/hard", "C /data/linked", "C /data/two",
        "A /moved", "A /moved/er", "A /new", "A /pipe", "A /soft", "A /sparse", "C /tmp",
    ]  # fmt: skip
    said = run(
        bundle, over,
        "cat /soft /data/two /data/linked; stat -c '%a %u:%g %h' /new; stat -c '%a %F' /pipe; stat -c %Y /tmp; "
        "ls /data /moved; wc -c < /sparse; tail -c 4 /sparse; echo third > /third; rm /moved/er -r",
    )  # fmt: skip
    assert said.split("\n") == [
        "new", "two", "more", "two", "more", "640 3:4 2", "644 fifo", "77", "/data:", "deep", "hard", "linked", "two",
        "", "/moved:", "er", "1048580", "end", "",
    ]  # fmt: skip
    now = diff(bundle, over, capsys)
    assert set(now) ^ set(lines) == {"A /third", "A /moved/er"}
    assert run(bundle, over, "ls /moved; cat /third; stat -c %h /data/linked") == "third\n2\n"


def test_a_file_of_the_host(bundle, tmp_path, capfd):
    (tmp_path / "in").write_text("from the host\n")
    (tmp_path / "secret").write_text("not granted\n")
    (tmp_path / "link").symlink_to("in")
    script = (
        "cat /given /etc/two; echo more >> /given; ls /given/.. | grep -c secret; ls -d /given/x 2>&1; "
        "mv /given /y 2>&1"
    )
    assert main(["run", "-v", f"{tmp_path}/in:/given", "-v", f"{tmp_path}/link:/etc/two:ro", str(bundle), "--",
                 "sh", "-c", script + "; echo x > /etc/two"]) == 1  # fmt: skip
    said = capfd.readouterr()
    assert said.out.splitlines()[:3] == ["from the host", "from the host", "0"]
    assert "busy" in said.out.splitlines()[-1].lower()
    assert "Read-only file system" in said.err
    assert (tmp_path / "in").read_text() == "from the host\nmore\n"
    assert main(["run", "-v", f"{tmp_path}/none:/given", str(bundle), "--", "true"]) == 2
    assert "neither a directory nor a file of this host" in capfd.readouterr().err


def test_commit_and_export(bundle, tmp_path, capsys):
    over, made = tmp_path / "over", tmp_path / "made"
    run(bundle, over, "echo kept > /kept; rm /data/two; ln /bin/busybox /again 2>/dev/null; true")
    assert main(["commit", str(bundle), str(made), "--overlay", str(over), "-c", 'CMD ["cat", "/kept"]',
                 "-c", "ENV A=b", "-c", "LABEL x=y"]) == 0  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-m", "friscy.cli.main", "run", made], capture_output=True, text=True, timeout=120
    )
    assert (result.stdout, result.stderr) == ("kept\n", "")
    opened = open_bundle(made)
    assert opened.image_config["Labels"] == {"a": "1", "x": "y"}
    assert opened.env == ["PATH=/bin", "A=b"]
    again = tmp_path / "again"
    commit(bundle, over, again, ['CMD ["cat", "/kept"]', "ENV A=b", "LABEL x=y"])
    assert open_bundle(again).index_digest == opened.index_digest
    tar = tmp_path / "out.tar"
    assert main(["export", str(bundle), "--overlay", str(over), "--tar", str(tar)]) == 0
    with tarfile.open(tar) as archive:
        assert archive.extractfile("kept").read() == b"kept\n"
        names = archive.getnames()
    assert "data/two" not in names
    assert "data/linked" in names
    assert main(["export", str(made), "--tar", str(tmp_path / "made.tar")]) == 0
    with tarfile.open(tmp_path / "made.tar") as archive:
        assert sorted(archive.getnames()) == sorted(names)
    layout = tmp_path / "layout"
    assert main(["export", str(bundle), "--overlay", str(over), "--oci", str(layout)]) == 0
    (described,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    manifest = json.loads((layout / "blobs" / described["digest"].replace(":", "/")).read_bytes())
    assert len(manifest["layers"]) == 2, "the changes are a layer of their own"
    files = tmp_path / "files"
    subprocess.run(["umoci", "unpack", "--rootless", "--image", f"{layout}:latest", files], check=True,
                   capture_output=True)  # fmt: skip
    assert (files / "rootfs" / "kept").read_text() == "kept\n"
    assert not (files / "rootfs" / "data" / "two").exists()


def test_what_is_refused(bundle, tmp_path):
    over = tmp_path / "over"
    run(bundle, over, "true")
    with (
        KeptOverlay(over, open_bundle(bundle)).held(),
        pytest.raises(UsageError, match="in use by another run"),
    ):
        KeptOverlay(over, open_bundle(bundle)).held().__enter__()
    note = json.loads((over / "overlay.json").read_text())
    (over / "overlay.json").write_text(json.dumps({**note, "index": "0" * 64}))
    with pytest.raises(UsageError, match="another root filesystem"):
        KeptOverlay(over, open_bundle(bundle))
    (over / "overlay.json").write_text("{")
    with pytest.raises(FriscyError, match="the description of an overlay"):
        KeptOverlay(over, open_bundle(bundle))
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine").write_text("x")
    with pytest.raises(UsageError, match="neither empty nor an overlay"):
        KeptOverlay(other, open_bundle(bundle))
    with pytest.raises(UsageError, match="not a directory"):
        KeptOverlay(other / "mine", open_bundle(bundle))


def test_changes_of_the_configuration():
    config = {"Entrypoint": ["a"], "Cmd": ["b"], "Env": ["X=1"]}
    assert changed_config(config, ["ENTRYPOINT c", "ENV Y=$X", "WORKDIR /w", "USER 7"]) == {
        "Entrypoint": ["/bin/sh", "-c", "c"], "Env": ["X=1", "Y=1"], "WorkingDir": "/w", "User": "7",
    }  # fmt: skip
    assert config == {"Entrypoint": ["a"], "Cmd": ["b"], "Env": ["X=1"]}
    with pytest.raises(UsageError, match="only the configuration can be changed"):
        changed_config(config, ["RUN x"])
    with pytest.raises(DockerfileError, match="unknown instruction"):
        changed_config(config, ["NOPE x"])


def test_a_killed_run_keeps_what_was_there(bundle, tmp_path, capsys):
    over = tmp_path / "over"
    run(bundle, over, "echo first > /first")
    process = subprocess.Popen(
        [sys.executable, "-m", "friscy.cli.main", "run", "--overlay", over, bundle, "--", "sh", "-c",
         "echo second > /second; echo ready; cat"],
        stdout=subprocess.PIPE, stdin=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"ready\n"
    process.kill()
    process.communicate()
    assert diff(bundle, over, capsys) == ["C /", "A /first"]
    assert sorted(os.listdir(over)) == [".lock", "overlay.json", "upper.tar"]
