"""Pulling from a real registry on loopback, filled by skopeo: formats, logins, broken connections, mirrors, cache."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from image_archives import FLAT, LAYERS, listing, make_tar, member, write_layout
from registry_servers import IDENTITY, PASSWORD, TOKEN, USER, Front, docker_registry, push

from friscy_build.images import endpoint
from friscy_build.images.credentials import Credentials, Login
from friscy_build.images.endpoint import is_loopback, parse_challenges
from friscy_build.images.image import ImageError
from friscy_build.images.pull import pull, registry_image
from friscy_build.images.reference import parse_reference
from friscy_build.images.registry import Registries
from lazyfs.errors import FormatError

BIG = [make_tar(member(f"f{number}", random.Random(number).randbytes(60_000))) for number in range(3)]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry with app:gzip, app:zstd, app:docker, app:other (amd64), app:list (both) and big:1."""
    directory = tmp_path_factory.mktemp("registry")
    layout = directory / "layout"
    ours = write_layout(layout, LAYERS, tag="app")
    other = write_layout(layout, LAYERS[:1], tag="other", architecture="amd64")
    write_layout(layout, BIG, tag="big", stored=[gzip.compress(each, 1, mtime=0) for each in BIG])
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {**each, "annotations": {}, "platform": {"os": "linux", "architecture": architecture}}
            for each, architecture in ((other, "amd64"), (ours, "riscv64"))
        ],
    }
    data = json.dumps(index).encode()
    (layout / "blobs" / "sha256" / sha256(data).hexdigest()).write_bytes(data)
    top = json.loads((layout / "index.json").read_bytes())
    top["manifests"].append({
        "mediaType": index["mediaType"], "digest": f"sha256:{sha256(data).hexdigest()}", "size": len(data),
        "annotations": {"org.opencontainers.image.ref.name": "list"},
    })  # fmt: skip
    (layout / "index.json").write_text(json.dumps(top))
    with docker_registry(directory) as host:
        push(layout, "app", f"{host}/app:gzip")
        push(layout, "app", f"{host}/app:zstd", "--dest-compress-format", "zstd")
        push(layout, "app", f"{host}/group/app:docker", "--format", "v2s2")
        push(layout, "other", f"{host}/app:other")
        push(layout, "list", f"{host}/app:list", "--all")
        push(layout, "big", f"{host}/big:1")
        yield host


@pytest.fixture
def front(registry: str) -> Iterator[Front]:
    server = Front(registry)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # loopback is never reached by way of a proxy
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setattr(endpoint, "PAUSE", 0.001)


def load(reference: str, cache: Path, registries: Registries | None = None, **options: Any) -> Any:
    return registry_image(reference, registries or Registries(), cache, **options)


def files(cache: Path) -> list[Path]:
    return [path for path in (cache / "registry" / "blobs").rglob("*") if path.is_file()]


# What registries hold.


@pytest.mark.parametrize("name", ["app:gzip", "app:zstd", "group/app:docker", "app:list"])
def test_images_of_every_format(registry: str, tmp_path: Path, name: str) -> None:
    image = load(f"{registry}/{name}", tmp_path)
    assert listing(image.tree) == FLAT
    assert image.config["Cmd"] == ["/hello"]
    assert image.origin == f"registry:{registry}/{name}"
    assert image.digest.startswith("sha256:")


def test_a_digest_names_an_image_for_ever(registry: str, tmp_path: Path) -> None:
    digest = pull(f"{registry}/app:list", Registries(), tmp_path).digest
    assert listing(load(f"{registry}/app@{digest}", tmp_path / "new").tree) == FLAT
    assert listing(load(f"{registry}/app:gone@{digest}", tmp_path / "new").tree) == FLAT
    assert listing(load(f"{registry}/app:other", tmp_path / "new", pinned=digest).tree) == FLAT


def test_other_platforms_are_listed(registry: str, tmp_path: Path, front: Front) -> None:
    with pytest.raises(ImageError, match=r"app:other: no image for linux/riscv64; it has linux/amd64"):
        load(f"{registry}/app:other", tmp_path)
    platforms = [
        {"os": "linux", "architecture": "arm", "variant": "v7"},
        {"os": "windows", "architecture": "amd64"},
    ]
    entries = [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": f"sha256:{n:064}",
            "size": 2,
            "platform": p,
        }
        for n, p in enumerate(platforms)
    ]
    front.manifest = json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
    with pytest.raises(ImageError, match=r"it has linux/arm/v7, windows/amd64"):
        load(f"{front.host}/app", tmp_path)
    assert not front.asked("/blobs/")


def test_what_is_not_there(registry: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=rf"{registry}/app: it has no none\n.*404"):
        load(f"{registry}/app:none", tmp_path)
    with pytest.raises(ImageError, match=r"nothing/here: it has no latest"):
        load(f"{registry}/nothing/here", tmp_path)
    with pytest.raises(ImageError, match=r"not a repository's name"):
        load(f"{registry}/Upper", tmp_path)
    with pytest.raises(ImageError, match=r"127.0.0.1:1 cannot be reached"):
        load("127.0.0.1:1/app", tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
            "layer 1 is a foreign one",
        ),
        (
            {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar"},
            "layer 1 is a foreign one",
        ),
        ({"urls": ["https://example.invalid/x"]}, "layer 1 is a foreign one"),
        ({"size": -1}, "a size in a descriptor"),
        ({"digest": "sha256:../../x"}, "digest"),
    ],
)
def test_layers_that_are_refused(
    registry: str, tmp_path: Path, front: Front, change: dict[str, Any], message: str
) -> None:
    pull(f"{registry}/app:gzip", Registries(), tmp_path)
    manifest = next(
        json.loads(path.read_bytes()) for path in files(tmp_path) if b'"layers"' in path.read_bytes()[:2000]
    )
    manifest["layers"][0].update(change)
    front.manifest = json.dumps(manifest).encode()
    with pytest.raises((ImageError, FormatError), match=message):
        load(f"{front.host}/app", tmp_path / "new")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"manifests": 1}',
        b'{"manifests": [1]}',
        b"[" * 100_000,
        b'{"mediaType": 7}',
    ],
)
def test_manifests_that_are_none(front: Front, tmp_path: Path, text: bytes) -> None:
    front.manifest = text
    with pytest.raises((FormatError, ImageError)):
        load(f"{front.host}/app", tmp_path)


def test_an_index_in_itself_ends(front: Front, tmp_path: Path) -> None:
    inner = b'{"manifests": []}'
    entry = {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": f"sha256:{'0' * 64}",
        "size": 9,
    }
    front.manifest = json.dumps({"manifests": [entry]}).encode()
    with pytest.raises(FormatError, match="content with digest"):
        load(f"{front.host}/app", tmp_path)
    assert inner not in [path.read_bytes() for path in files(tmp_path)]
    front.manifest = b" " * (5 << 20)
    with pytest.raises(FormatError, match="a manifest of up to"):
        load(f"{front.host}/app", tmp_path)


# The cache.


def test_what_is_in_the_cache_is_not_asked_for(front: Front, tmp_path: Path) -> None:
    first = pull(f"{front.host}/app:gzip", Registries(), tmp_path)
    front.requests.clear()
    load(f"{front.host}/app:gzip", tmp_path)
    assert [path for path, _ in front.requests if path != "/v2/"] == ["/v2/app/manifests/gzip"]
    front.requests.clear()
    assert listing(load(f"{front.host}/app:gzip", tmp_path, pinned=first.digest).tree) == FLAT
    assert not front.requests


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + bytes([data[-1] ^ 1])])
def test_a_damaged_cache_is_repaired(registry: str, tmp_path: Path, damage: Any) -> None:
    load(f"{registry}/app:list", tmp_path)
    for path in files(tmp_path):
        path.write_bytes(damage(path.read_bytes()))
    assert listing(load(f"{registry}/app:list", tmp_path).tree) == FLAT


def test_layers_come_several_at_a_time(front: Front, tmp_path: Path) -> None:
    store = pull(f"{front.host}/big:1", Registries(), tmp_path)
    front.most_at_once = 0
    for path in files(tmp_path):
        if path.stat().st_size > 50_000:
            path.unlink()
    front.barrier = threading.Barrier(3)  # each waits until all three are there
    told: dict[str, list[int]] = {}
    image = load(
        f"{front.host}/big:1", tmp_path, pinned=store.digest,
        progress=lambda what, done, total: told.setdefault(what, []).append(done),
    )  # fmt: skip
    assert front.most_at_once == 3
    assert len(listing(image.tree)) == 4
    for number in (1, 2, 3):
        done = told[f"downloading layer {number} of 3"]
        assert done[0] == 0
        assert done == sorted(done)
        assert done[-1] > 60_000


# Broken connections.


def test_a_broken_download_goes_on_where_it_broke(front: Front, tmp_path: Path) -> None:
    front.cuts, front.cut_at = 20, 20_000
    assert len(listing(load(f"{front.host}/big:1", tmp_path).tree)) == 4
    ranges = [headers["Range"] for headers in front.asked("/blobs/") if "Range" in headers]
    assert "bytes=20000-" in ranges
    assert "bytes=40000-" in ranges
    for path, sent in front.served.items():
        (size,) = (each.stat().st_size for each in files(tmp_path) if each.name in path)
        assert sent == size, "no byte came twice"


def test_a_registry_without_ranges_starts_anew(front: Front, tmp_path: Path) -> None:
    front.cuts, front.cut_at, front.ranges = 3, 20_000, False
    assert len(listing(load(f"{front.host}/big:1", tmp_path).tree)) == 4


def test_a_download_goes_on_in_the_next_process(
    front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "ATTEMPTS", 1)
    front.cuts, front.cut_at = 1000, 30_000
    with pytest.raises(ImageError, match=r"the connection broke after 30000 of \d+ bytes"):
        load(f"{front.host}/big:1", tmp_path)
    assert any(path.stat().st_size == 30_000 for path in (tmp_path / "registry" / "partial").iterdir())
    front.cuts = 0
    front.requests.clear()
    load(f"{front.host}/big:1", tmp_path)
    assert "bytes=30000-" in [headers.get("Range") for headers in front.asked("/blobs/")]
    assert not list((tmp_path / "registry" / "partial").iterdir())


def test_a_spoilt_part_is_not_built_upon(
    front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "ATTEMPTS", 1)
    front.cuts, front.cut_at = 1000, 30_000
    with pytest.raises(ImageError):
        load(f"{front.host}/big:1", tmp_path)
    front.cuts = 0
    for path in (tmp_path / "registry" / "partial").iterdir():
        path.write_bytes(b"spoilt" + path.read_bytes()[6:])
    assert len(listing(load(f"{front.host}/big:1", tmp_path).tree)) == 4


def test_a_connection_that_never_holds(front: Front, tmp_path: Path) -> None:
    front.cuts, front.cut_at = 1000, 0
    with pytest.raises(ImageError, match="the connection broke after 0 of"):
        load(f"{front.host}/app:gzip", tmp_path)
    assert len(front.asked("/blobs/")) == endpoint.ATTEMPTS


def test_wrong_content_is_refused_and_not_kept(front: Front, tmp_path: Path) -> None:
    front.spoil = True
    with pytest.raises(FormatError, match=r"content with digest sha256:[0-9a-f]{64}"):
        load(f"{front.host}/app:gzip", tmp_path)
    assert len(files(tmp_path)) == 1  # the manifest
    assert not list((tmp_path / "registry" / "partial").iterdir())
    front.spoil = False
    assert listing(load(f"{front.host}/app:gzip", tmp_path).tree) == FLAT


def test_a_manifest_that_is_not_what_was_pinned(front: Front, tmp_path: Path) -> None:
    front.manifest = b'{"manifests": []}'
    with pytest.raises(FormatError, match="content with digest"):
        load(f"{front.host}/app:gzip", tmp_path, pinned="sha256:" + "1" * 64)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_registry_out_of_order_is_asked_again(front: Front, tmp_path: Path, status: int) -> None:
    front.statuses = [status] * 2
    assert listing(load(f"{front.host}/app:gzip", tmp_path).tree) == FLAT
    front.statuses = [status] * 50
    with pytest.raises(ImageError, match=rf"out of order \(HTTP {status}\)"):
        load(f"{front.host}/app:gzip", tmp_path)


# Logins.


def write_docker_config(tmp_path: Path, config: dict[str, Any]) -> None:
    (tmp_path / "docker").mkdir(exist_ok=True)
    (tmp_path / "docker" / "config.json").write_text(json.dumps(config))


def auth(user: str = USER, password: str = PASSWORD) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_token_is_fetched_and_used_for_all(front: Front, tmp_path: Path) -> None:
    front.auth = "bearer"
    assert listing(load(f"{front.host}/group/app:docker", tmp_path).tree) == FLAT
    (asked,) = front.asked("/token")
    assert "Authorization" not in asked
    assert "scope=repository%3Agroup%2Fapp%3Apull" in next(
        path for path, _ in front.requests if "token" in path
    )
    assert all(headers["Authorization"] == f"Bearer {TOKEN}" for headers in front.asked("/blobs/"))


@pytest.mark.parametrize("kind", ["bearer", "basic"])
@pytest.mark.parametrize("form", ["{}", "http://{}", "https://{}/v1/"])
def test_docker_s_logins(front: Front, tmp_path: Path, kind: str, form: str) -> None:
    front.auth = kind
    write_docker_config(tmp_path, {"auths": {form.format(front.host): auth()}})
    assert listing(load(f"{front.host}/app:gzip", tmp_path).tree) == FLAT


def test_wrong_and_missing_logins(front: Front, tmp_path: Path) -> None:
    front.auth = "basic"
    with pytest.raises(ImageError, match=rf"a login is needed\n  docker login {front.host}"):
        load(f"{front.host}/app:gzip", tmp_path)
    front.auth = "bearer"
    write_docker_config(tmp_path, {"auths": {front.host: auth(password="wrong")}})
    with pytest.raises(ImageError, match=r"wrong password \(HTTP 401\)\n  docker login"):
        load(f"{front.host}/app:gzip", tmp_path)
    front.auth = "basic"
    with pytest.raises(ImageError, match=r"UNAUTHORIZED \(HTTP 401\)") as caught:
        load(f"{front.host}/app:gzip", tmp_path)
    assert "wrong" not in str(caught.value)


HELPER = """#!/bin/sh
read server
[ "$1" = get ] && [ "$server" = "{host}" ] || {{ echo "credentials not found in native keychain"; exit 1; }}
echo '{{"ServerURL": "x", "Username": "{user}", "Secret": "{secret}"}}'
"""


@pytest.mark.parametrize("how", ["credHelpers", "credsStore", "identity"])
def test_credential_helpers(front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    user, secret = ("<token>", IDENTITY) if how == "identity" else (USER, PASSWORD)
    helper = tmp_path / "bin" / "docker-credential-test"
    helper.parent.mkdir()
    helper.write_text(HELPER.format(host=front.host, user=user, secret=secret))
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{helper.parent}:{os.environ['PATH']}")
    table = {"credsStore": "test"} if how == "credsStore" else {"credHelpers": {front.host: "test"}}
    write_docker_config(tmp_path, table)
    front.auth = "bearer"
    assert listing(load(f"{front.host}/app:gzip", tmp_path).tree) == FLAT
    assert Credentials().login("localhost:1") is None
    if how == "identity":
        assert front.asked("/token")[0]["refresh_token"] == IDENTITY


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"credHelpers": {"localhost:5": "../evil"}}, "the name of a credential helper"),
        (
            {"credHelpers": {"localhost:5": "never-there"}},
            "docker-credential-never-there is not on this machine",
        ),
        ({"auths": {"localhost:5": {"auth": "!"}}}, "NAME:PASSWORD"),
        ({"auths": []}, None),
        ({"auths": [1]}, "an object for auths"),
        ([], "an object"),
    ],
)
def test_a_docker_config_that_is_wrong(tmp_path: Path, config: Any, message: str | None) -> None:
    write_docker_config(tmp_path, config)
    if message is None:
        assert Credentials().login("localhost:5") is None
    else:
        with pytest.raises((ImageError, FormatError), match=message):
            Credentials().login("localhost:5")


def test_logins_of_all_forms(tmp_path: Path) -> None:
    entries = {
        "localhost:1": {"username": "u", "password": "p"},
        "localhost:2": {"identitytoken": "i", **auth()},
        "localhost:3": auth("a", "b:c"),
        "localhost:4": {},
    }
    write_docker_config(tmp_path, {"auths": entries})
    known = Credentials()
    logins = [known.login(f"localhost:{number}") for number in range(1, 6)]
    assert logins == [Login("u", "p"), Login("", "", "i"), Login("a", "b:c"), None, None]


def test_a_token_does_not_follow_to_another_host(front: Front, registry: str, tmp_path: Path) -> None:
    store = Front(registry)
    try:
        front.auth, front.away = "bearer", store.host
        assert listing(load(f"{front.host}/app:gzip", tmp_path).tree) == FLAT
        assert len(store.requests) == 3
        assert all("Authorization" not in headers for _, headers in store.requests)
    finally:
        store.stop()


def test_nothing_goes_without_tls_to_other_machines(front: Front, tmp_path: Path) -> None:
    front.away = "registry.invalid"
    with pytest.raises(ImageError, match=r"redirects to registry\.invalid, which is not protected by TLS"):
        load(f"{front.host}/app:gzip", tmp_path)
    assert endpoint.Endpoint("registry.invalid", Credentials()).scheme() == "https"
    assert endpoint.Endpoint("registry.invalid", Credentials(), ["registry.invalid"]).scheme() == "http"


def test_tls_is_checked(front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = front.use_tls(tmp_path)
    with pytest.raises(ImageError, match=r"certificate verify failed.*\n.*SSL_CERT_FILE"):
        load(f"{front.host}/app:gzip", tmp_path)
    assert not front.requests
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert listing(load(f"{front.host}/app:gzip", tmp_path).tree) == FLAT
    with pytest.raises(ImageError, match=r"cannot be reached|the connection broke"):
        load(f"{front.host}/app:gzip", tmp_path, Registries(plain_http=[front.host]))


# Mirrors.


def test_mirrors_are_asked_first(front: Front, registry: str, tmp_path: Path) -> None:
    mirrored = Registries(mirrors={"registry.invalid": (front.host,)})
    assert listing(load("registry.invalid/app:gzip", tmp_path, mirrored).tree) == FLAT
    mirrored = Registries(mirrors={registry: ("127.0.0.1:1", front.host)})
    front.statuses = [404]
    assert listing(load(f"{registry}/app:gzip", tmp_path / "a", mirrored).tree) == FLAT
    assert front.asked("/blobs/")
    front.spoil = True
    assert listing(load(f"{registry}/app:gzip", tmp_path / "b", mirrored).tree) == FLAT


# References and headers.


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("localhost/app", ("localhost", "app", "latest", None)),
        ("127.0.0.1:5000/a/b_c/d--e:V1.0", ("127.0.0.1:5000", "a/b_c/d--e", "V1.0", None)),
        ("[::1]:5000/app", ("[::1]:5000", "app", "latest", None)),
        ("registry.invalid/app@sha256:" + "a" * 64, ("registry.invalid", "app", None, "sha256:" + "a" * 64)),
    ],
)
def test_references(text: str, parts: tuple[str, ...]) -> None:
    assert tuple(parse_reference(text)) == parts
    assert parse_reference(str(parse_reference(text))) == parse_reference(text)


def test_short_references_are_the_index_s() -> None:
    assert parse_reference("app").repository == "library/app"
    assert parse_reference("group/app:1").repository == "group/app"
    assert parse_reference("app").registry == parse_reference("group/app").registry


@pytest.mark.parametrize(
    "text", ["", "App", "localhost/", "localhost/a//b", "localhost/../x", "a b", "app:", "app:-x", "app@sha256:1",
             "localhost/a:" + "t" * 129, "localhost/" + "a" * 300, "x:y/z:1", "-x.y/a"],
)  # fmt: skip
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_reference(text)


def test_challenges() -> None:
    value = 'Bearer realm="https://a/t?x=1,2",service="s, t",scope="repository:a:pull,push", Basic realm="r"'
    assert parse_challenges([value]) == {
        "bearer": {"realm": "https://a/t?x=1,2", "service": "s, t", "scope": "repository:a:pull,push"},
        "basic": {"realm": "r"},
    }
    assert parse_challenges(["", "Negotiate"]) == {}


def test_loopback() -> None:
    assert all(map(is_loopback, ["localhost", "localhost:5000", "127.0.0.1:1", "127.9.9.9", "[::1]:5000"]))
    assert not any(map(is_loopback, ["localhost.invalid", "10.0.0.1", "127.0.0.1.invalid:5", "[::2]"]))


def test_the_command_pulls(registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from friscy_build.images.__main__ import main

    monkeypatch.setenv("FRISCY_CACHE", str(tmp_path / "cache"))
    assert main(["pull", f"docker://{registry}/app:list", "-o", str(tmp_path / "out")]) == 0
    found = subprocess.run(
        ["find", ".", "-type", "f"], cwd=tmp_path / "out", capture_output=True, text=True, check=True
    )
    assert sorted(found.stdout.split()) == ["./bin/x", "./d/b", "./d/c", "./h"]
