"""friscy.toml: defaults, paths, and an error for everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy_build.config import ConfigError, load_config, normalize_reference, parse_size
from friscy_build.config.load import parse_config
from friscy_build.images.reference import DEFAULT_INDEX

ROOT = Path(__file__).parents[3]
MINIMAL = '[bundle.x]\ndockerfile = "Dockerfile"\n'


def parse(text: str, name: str = "friscy.toml"):
    return parse_config(text.encode(), Path(name))


def failure(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return caught.value


def test_minimal_file_has_every_default(tmp_path):
    (tmp_path / "friscy.toml").write_text(MINIMAL)
    config = load_config(tmp_path / "friscy.toml")
    bundle = config.bundles["x"]
    assert config.root == tmp_path
    assert bundle.dockerfile == tmp_path / "Dockerfile"
    assert bundle.context == tmp_path
    assert bundle.output == tmp_path / "build/x"
    assert (bundle.target, bundle.args, bundle.image, bundle.sources) == (None, {}, None, ())
    assert bundle.snapshot.at == "entry"
    assert bundle.machine.memory == 1 << 30
    assert bundle.run.apply({"Cmd": ["a"]}) == {"Cmd": ["a"]}


def test_paths_are_relative_to_the_file_and_context_to_the_dockerfile(tmp_path, monkeypatch):
    text = '[bundle.x]\ndockerfile = "sub/Dockerfile"\noutput = "/abs"\n[images.b]\ntar = "b.tar"\n'
    (tmp_path / "friscy.toml").write_text(text)
    monkeypatch.chdir("/")
    config = load_config(tmp_path / "friscy.toml")
    assert config.bundles["x"].context == tmp_path / "sub"
    assert config.bundles["x"].output == Path("/abs")
    assert config.sources(f"{DEFAULT_INDEX}/library/b:latest")[0].path == tmp_path / "b.tar"


def test_registries(tmp_path):
    (tmp_path / "friscy.toml").write_text(
        MINIMAL + "[bundle.y]\nimage = 'docker://localhost:5000/app@sha256:" + "0" * 64 + "'\n"
        "[images.a]\nregistry = 'localhost/b'\n[registry]\nplain-http = 'h:1'\nmirrors.h = ['m', 'n:2']\n"
    )
    config = load_config(tmp_path / "friscy.toml")
    assert config.bundles["y"].sources[0].registry == "localhost:5000/app@sha256:" + "0" * 64
    (source,) = config.sources("a:latest")
    assert (source.kind, source.path, source.registry) == ("registry", None, "localhost/b")
    assert (config.registry.plain_http, config.registry.mirrors) == (("h:1",), {"h": ("m", "n:2")})
    assert config.sources("localhost/c:1") == ()
    (tmp_path / "friscy.toml").write_text(MINIMAL + "[registry]\npull = true\n")
    config = load_config(tmp_path / "friscy.toml")
    assert config.sources("localhost/c:1")[0].registry == "localhost/c:1"
    assert config.sources("No/Reference") == ()


def test_the_file_at_the_top_of_this_project():
    config = load_config(ROOT / "friscy.toml")
    source = config.sources("python:3.13-slim")[0]
    assert config.bundles["python"].dockerfile == ROOT / "examples/python/Dockerfile"
    assert source.kind == "debian"
    assert source.debian.packages[0] == "python3"


def test_image_sources_one_or_a_chain():
    config = parse(
        MINIMAL
        + """
[images]
two = [{ oci = "o" }, { debian = { suite = "trixie", packages = ["hello"], recommends = true } }]
"one:1" = { docker-archive = "a.tar", tag = "one:1" }
"""
    )
    assert [source.kind for source in config.sources("two")] == ["oci", "debian"]
    assert config.sources("two")[1].debian.recommends is True
    assert config.sources("two")[1].debian.components == ("main",)
    (one,) = config.sources("one:1")
    assert (one.kind, one.tag) == ("docker-archive", "one:1")
    assert config.sources("three") == ()


def test_image_transports(tmp_path):
    (tmp_path / "layout").mkdir()
    (tmp_path / "a:b").mkdir()
    text = "\n".join(
        f'[bundle.{name}]\nimage = "{image}"'
        for name, image in {
            "t": "tar:root.tar",
            "o": "oci:layout",
            "ot": "oci:layout:v1",
            "colon": "oci:a:b",
            "d": "docker-archive:app.tar:app:2",
        }.items()
    )
    (tmp_path / "friscy.toml").write_text(text)
    bundles = load_config(tmp_path / "friscy.toml").bundles
    found = {
        name: (b.sources[0].kind, b.sources[0].path.name, b.sources[0].tag) for name, b in bundles.items()
    }
    assert found == {
        "t": ("tar", "root.tar", None),
        "o": ("oci", "layout", None),
        "ot": ("oci", "layout", "v1"),
        "colon": ("oci", "a:b", None),
        "d": ("docker-archive", "app.tar", "app:2"),
    }
    assert bundles["t"].context is None


def test_run_table_over_the_image():
    text = (
        MINIMAL
        + '[bundle.x.run]\nentrypoint = ["e"]\nenv = { A = "2", B = "3" }\nworkdir = "/w"\nuser = "1:2"\n'
    )
    run = parse(text).bundles["x"].run
    config = {"Entrypoint": ["old"], "Cmd": ["old"], "Env": ["A=1", "C=4"], "Labels": {"l": "1"}}
    assert run.apply(config) == {
        "Entrypoint": ["e"],
        "Env": ["C=4", "A=2", "B=3"],
        "WorkingDir": "/w",
        "User": "1:2",
        "Labels": {"l": "1"},
    }
    assert config["Env"] == ["A=1", "C=4"]


@pytest.mark.parametrize(
    ("text", "nbytes"),
    [
        (5, 5),
        ("64", 64),
        ("1k", 1024),
        ("1KiB", 1024),
        ("1.5 GiB", 3 << 29),
        ("512MB", 512 << 20),
        ("2g", 2 << 30),
    ],
)
def test_sizes(text, nbytes):
    assert parse_size(text) == nbytes


@pytest.mark.parametrize("text", ["", "GiB", "1XB", "-1", True, None, [], "1e3", "9" * 400])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("python", f"{DEFAULT_INDEX}/library/python:latest"),
        ("python:3", f"{DEFAULT_INDEX}/library/python:3"),
        (f"{DEFAULT_INDEX}/python", f"{DEFAULT_INDEX}/library/python:latest"),
        (f"index.{DEFAULT_INDEX}/a/b:1", f"{DEFAULT_INDEX}/a/b:1"),
        ("localhost/a", "localhost/a:latest"),
        ("host:5000/a:1", "host:5000/a:1"),
        ("a@sha256:00", f"{DEFAULT_INDEX}/library/a@sha256:00"),
    ],
)
def test_references(short, full):
    assert normalize_reference(short) == full


WRONG = [
    # text, line, key, part of the message, part of the hint
    ("[bundle.x]\ndockerfil = 'D'\n", 2, "bundle.x.dockerfil", "unknown key", "did you mean 'dockerfile'?"),
    (MINIMAL + "[bundle.x.snapshto]\nat='entry'", 3, "bundle.x.snapshto", "unknown", "'snapshot'"),
    (MINIMAL + "\n[bundle.x.snapshot]\n at = 'entri'", 5, "bundle.x.snapshot.at",
     "expected entry, stdin or none, got 'entri'", "did you mean 'entry'?"),
    (MINIMAL + "machine.memory = '1XiB'", 3, "bundle.x.machine.memory", "expected a size", ""),
    (MINIMAL + "machine.memory = '1KiB'", 3, "bundle.x.machine.memory", "expected 16MiB to", ""),
    (MINIMAL + "machine = 3", 3, "bundle.x.machine", "expected a table, got 3", ""),
    (MINIMAL + "args = { A = 1 }", 3, "bundle.x.args.A", "expected a string, got 1", ""),
    (MINIMAL + "context = 5", 3, "bundle.x.context", "expected a path, got 5", ""),
    (MINIMAL + "image = 'a'", 1, "bundle.x", "got both", ""),
    ("[bundle.x]\noutput = 'o'\n", 1, "bundle.x", "expected one of dockerfile and image", ""),
    ("\n[bundle.x]\nimage = 'tar:x'\ntarget = 't'\n", 4, "bundle.x.target", "only a dockerfile has one", ""),
    ("[bundle.x]\nimage = 'nope'\n", 2, "bundle.x.image", "nothing says where 'nope' comes from",
     'add [images."nope"]'),
    ("", None, "bundle", "missing", "add a table [bundle.NAME]"),
    ("bundle = {}", 1, "bundle", "at least one", ""),
    ("[bundle.'a b']\ndockerfile='D'", 1, 'bundle."a b"', "not a valid bundle name", ""),
    (MINIMAL + "[other]\n", 3, "other", "unknown key", "did you mean 'aot'?"),
    (MINIMAL + "[images.a]\nregistry='A:b:c'", 4, "images.a.registry", "is not a", ""),
    (MINIMAL + "[images.a]\nregistry='a'\ntar='x'", 3, "images.a", "exactly one of tar", ""),
    (MINIMAL + "[images.a]\nregistry='a'\ntag='y'", 5, "images.a.tag", "only an oci layout", ""),
    ("[bundle.x]\nimage = 'docker://A'\n", 2, "bundle.x.image", "is not a repository's name", ""),
    (MINIMAL + "[registry]\npull='yes'", 4, "registry.pull", "expected true or false", ""),
    (MINIMAL + "[registry]\nplain_http=['a']", 4, "registry.plain_http", "unknown key", "'plain-http'"),
    (MINIMAL + "[registry]\nplain-http=['http://a']", 4, "registry.plain-http[0]", "expected a host", ""),
    (MINIMAL + "[registry]\nmirrors={'a'=['b c']}", 4, "registry.mirrors.a[0]", "expected a host", ""),
    (MINIMAL + "[images.a]\n", 3, "images.a", "exactly one of tar", ""),
    (MINIMAL + "[images.a]\ntar='x'\noci='y'", 3, "images.a", "exactly one of tar", ""),
    (MINIMAL + "[images.a]\ntar='x'\ntag='y'", 5, "images.a.tag", "only an oci layout", ""),
    (MINIMAL + "[images]\na = []", 4, "images.a", "at least one", ""),
    (MINIMAL + "[images]\na = [\n {tar = 'x'},\n {tra = 'y'}]", 6, "images.a[1].tra", "unknown", "'tar'"),
    (MINIMAL + "[[images.a]]\ntar='x'\n[[images.a]]\ntar=1", 6, "images.a[1].tar", "expected a path", ""),
    (MINIMAL + "[images.'a:1']\ndebian={suite='s', packges=['p']}", 4, 'images."a:1".debian.packges',
     "unknown key", "did you mean 'packages'?"),
    (MINIMAL + "[images.a.debian]\nsuite='s'\n", 3, "images.a.debian.packages", "missing", "add packages"),
    (MINIMAL + "[images.a.debian]\nsuite='s'\npackages=['ok',\n 'No Good']", 6, "images.a.debian.packages[1]",
     "'No Good' is not a valid package name", ""),
    (MINIMAL + "[images.a.debian]\nsuite='s'\npackages=['ok']\nrecommends='yes'", 6,
     "images.a.debian.recommends", "expected true or false, got 'yes'", ""),
    (MINIMAL + "[images.a]\ntar='1'\n[images.'a:latest']\ntar='2'", 5, 'images."a:latest"', "has a table", ""),
    (MINIMAL + "[bundle.y]\ndockerfile='D'\noutput='./build/x'", 5, "bundle.y.output", "bundle.x is written", ""),
    (MINIMAL + "run.workdir = 'rel'", 3, "bundle.x.run.workdir", "absolute", ""),
    (MINIMAL + "run.entrypoint = 'prog'", 3, "bundle.x.run.entrypoint", "expected a list, got 'prog'", ""),
    (MINIMAL + 'run.cmd = ["a\\u0000"]', 3, "bundle.x.run.cmd[0]", "not a valid value", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "message", "hint"), WRONG)
def test_errors_name_line_key_and_next_step(text, line, key, message, hint):
    error = failure(text)
    assert (error.line, error.key) == (line, key)
    assert message in error.message
    assert hint in error.hint
    place = f"friscy.toml:{line}" if line else "friscy.toml"
    assert str(error).splitlines()[0] == f"{place}: {key}: {error.message}"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = \n", "friscy.toml:1:5: "),
        ("[bundle.x]\nx = 1\nx = 2\n", "friscy.toml:3:6: "),
        ("[bundle.x\n", "friscy.toml:1:10: "),
        ("x = [1,\n\n", "friscy.toml:2: "),
        ("x = 'a\n", "friscy.toml:1: "),
    ],
)
def test_syntax_errors_have_a_place(text, place):
    error = failure(text)
    assert str(error).startswith(place)
    assert "not valid TOML" in error.hint


@pytest.mark.parametrize("depth", [100, 480, 490, 500, 100_000])
def test_deep_nesting_is_refused(depth):
    error = failure(MINIMAL + "x = " + "[" * depth + "]" * depth)
    assert "unknown key" in error.message or "not TOML" in error.message


def test_a_file_below_the_working_directory_is_shown_relative_to_it(tmp_path, monkeypatch):
    (tmp_path / "p").mkdir()
    (tmp_path / "p/friscy.toml").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^p/friscy.toml:1: x: unknown key"):
        load_config(tmp_path / "p/friscy.toml")
    monkeypatch.chdir(tmp_path / "p")
    with pytest.raises(ConfigError, match=r"^friscy.toml:1: x: unknown key"):
        load_config(tmp_path / "p/friscy.toml")


def test_the_first_of_several_errors_is_told():
    assert failure("[bundle.x]\ndockerfile='D'\nfoo=1\nbar=2\n").line == 3


def test_not_utf8_and_not_there(tmp_path):
    bad = tmp_path / "friscy.toml"
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_config(bad)
    bad.write_bytes(b"# ok\n\xff")
    with pytest.raises(ConfigError, match=r"friscy.toml:2: expected UTF-8"):
        load_config(bad)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_a_user_s_own_names_do_not_confuse_the_hints():
    error = failure('[bundle.image]\ndockerfile="D"\ncontxt="x"\n')
    assert (error.key, error.hint) == ("bundle.image.contxt", "did you mean 'context'?")


_KEYS = ["bundle", "images", "x", "dockerfile", "image", "snapshot", "at", "machine", "memory", "args", "run",
         "env", "debian", "packages", "tar", "tag", "a:1"]  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1 << 70) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["entry", "1GiB", "tar:x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


def _toml(value) -> str:
    if isinstance(value, dict):
        pairs = (f"{_toml(key)} = {_toml(item)}" for key, item in value.items() if item is not None)
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ",\n ".join(_toml(item) for item in value if item is not None) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    return repr(value)


def refusal(raw: bytes) -> ConfigError | None:
    """The one kind of error that may come out, or None."""
    try:
        parse_config(raw, Path("friscy.toml"))
    except ConfigError as error:
        return error
    return None


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=4))
def test_any_document_is_taken_or_refused_in_its_place(document):
    text = "\n".join(f"{_toml(key)} = {_toml(value)}" for key, value in document.items() if value is not None)
    found = refusal(text.encode())
    assert found is None or found.line is None or 1 <= found.line <= text.count("\n") + 1


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet="[]{}='\"#.,\n \\ab1_", max_size=60).map(str.encode))
def test_any_bytes_are_taken_or_refused(raw):
    found = refusal(raw)
    assert found is None or str(found).startswith("friscy.toml")


def test_what_is_translated_is_said_for_all_bundles_and_for_each():
    both = '[bundle.y]\nimage = "tar:y.tar"\n[bundle.y.aot]\nscope = "all"\nwarm_up = [["a", "b"], ["c"]]\n'
    bundles = parse('[aot]\nwarm_up = ["python3", "-c", "1"]\nfaults = "precise"\n' + MINIMAL + both).bundles
    assert (bundles["x"].aot.scope, bundles["x"].aot.warm_up) == ("touched", (("python3", "-c", "1"),))
    assert (bundles["y"].aot.scope, bundles["y"].aot.warm_up) == ("all", (("a", "b"), ("c",)))
    assert bundles["x"].aot.faults == bundles["y"].aot.faults == "precise"
    assert parse(MINIMAL + '[build]\nexecutor = "dask://host:8786"\n').build.executor == "dask://host:8786"
    for wrong in ("[aot]\nwarm_up = [[]]", '[aot]\nscope = "some"', '[build]\nexecutor = "ray://x"'):
        with pytest.raises(ConfigError):
            parse(MINIMAL + wrong)
