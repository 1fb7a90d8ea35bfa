"""Registries on loopback: Debian's docker-registry, and a server before it that asks for logins and breaks things."""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
import subprocess
import threading
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from required_tools import require_tool

USER, PASSWORD, TOKEN, IDENTITY = "sam", "open:sesame", "token-for-pull", "identity-token"


@contextmanager
def docker_registry(directory: Path) -> Iterator[str]:
    """A registry that keeps its blobs in `directory`; gives its host and port."""
    config = directory / "config.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: info}}\nstorage:\n  filesystem: {{rootdirectory: {directory}/data}}\n"
        "http: {addr: '127.0.0.1:0'}\n"
    )
    process = subprocess.Popen(
        [require_tool("docker-registry"), "serve", str(config)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        text=True, env={"OTEL_TRACES_EXPORTER": "none"},
    )  # fmt: skip
    assert process.stderr is not None
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if match := re.search(r"listening on (127\.0\.0\.1:\d+)", line):
                break
        else:
            raise AssertionError("".join(said))
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield match[1]
    finally:
        process.terminate()
        process.wait()


def push(layout: Path, tag: str, destination: str, *options: str) -> None:
    """Copy an image of an OCI layout to HOST/NAME:TAG."""
    subprocess.run(
        [
            require_tool("skopeo"), "--insecure-policy", "--override-arch", "riscv64", "copy", "-q",
            "--dest-tls-verify=false",
            *options, f"oci:{layout}:{tag}", f"docker://{destination}",
        ],
        check=True,
    )  # fmt: skip


class Front:
    """A server in front of a registry. What it does to answers is up to its attributes.

    auth: "", "bearer" or "basic". cuts: how many answers to blobs end after `cut_at` bytes. spoil: blobs come with a
    changed byte. ranges: Range is heeded. away: blobs are redirected to that host. statuses: answers to give instead.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.auth, self.cuts, self.cut_at, self.spoil, self.ranges, self.away = "", 0, 1000, False, True, ""
        self.statuses: list[int] = []
        self.manifest: bytes | None = None
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.served: Counter[str] = Counter()  # bytes of blobs, by path
        self.at_once = self.most_at_once = 0
        self.barrier: threading.Barrier | None = None
        self.lock = threading.Lock()
        front = self

        class Handler(_Handler):
            owner = front

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def use_tls(self, directory: Path) -> Path:
        """From now on speak TLS only; gives the certificate's file."""
        certificate, key = directory / "certificate.pem", directory / "key.pem"
        subprocess.run(
            [
                require_tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=test",
                "-addext", "subjectAltName=IP:127.0.0.1",
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # The handshake is the handler's thread's, not the one that accepts.
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        return certificate

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def asked(self, part: str) -> list[dict[str, str]]:
        """The headers of the requests whose path contains `part`."""
        return [headers for path, headers in self.requests if part in path]


class _Handler(BaseHTTPRequestHandler):
    owner: Front
    protocol_version = "HTTP/1.0"

    def handle(self) -> None:
        with suppress(ssl.SSLError, ConnectionError):  # a client that does not trust the certificate
            super().handle()

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_POST(self) -> None:
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.owner.requests.append((self.path, {name: values[0] for name, values in form.items()}))
        right = form.get("refresh_token") == [IDENTITY] and form.get("grant_type") == ["refresh_token"]
        self.answer(200 if right else 401, json.dumps({"access_token": TOKEN}).encode() if right else b"")

    def do_GET(self) -> None:
        front = self.owner
        front.requests.append((self.path, dict(self.headers)))
        if self.path.startswith("/token?"):
            return self.token()
        if front.statuses and self.path != "/v2/":
            return self.answer(front.statuses.pop(0), b'{"errors": [{"message": "out of order"}]}')
        wanted = {"": None, "bearer": f"Bearer {TOKEN}", "basic": _basic(USER, PASSWORD)}[front.auth]
        if wanted and self.headers["Authorization"] != wanted:
            challenge = f'Bearer realm="http://{front.host}/token",service="the service"'
            return self.answer(
                401, b'{"errors": [{"code": "UNAUTHORIZED"}]}',
                {"WWW-Authenticate": challenge if front.auth == "bearer" else 'Basic realm="r"'},
            )  # fmt: skip
        if front.manifest is not None and "/manifests/" in self.path:
            return self.answer(
                200, front.manifest, {"Content-Type": "application/vnd.oci.image.index.v1+json"}
            )
        if front.away and "/blobs/" in self.path:
            return self.answer(307, b"", {"Location": f"http://{front.away}{self.path}"})
        return self.forward()

    def token(self) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        right = query.get("service") == ["the service"] and query["scope"][0].endswith(":pull")
        if self.headers["Authorization"] not in (None, _basic(USER, PASSWORD)):
            return self.answer(401, b'{"errors": [{"message": "wrong password"}]}')
        return self.answer(200 if right else 400, json.dumps({"token": TOKEN}).encode())

    def forward(self) -> None:
        front = self.owner
        headers = {name: value for name, value in self.headers.items() if name in ("Accept", "Range")}
        if not front.ranges:
            headers.pop("Range", None)
        connection = http.client.HTTPConnection(front.upstream)
        connection.request("GET", self.path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        kept = {
            name: value for name, value in response.getheaders() if name in ("Content-Type", "Content-Range")
        }
        if "/blobs/" not in self.path or response.status >= 300:
            return self.answer(response.status, body, kept)
        with front.lock:
            cut, front.cuts = front.cuts > 0, max(front.cuts - 1, 0)
            front.at_once += 1
            front.most_at_once = max(front.at_once, front.most_at_once)
        if front.spoil:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if front.barrier is not None:
            front.barrier.wait(20)
        sent = body[: front.cut_at] if cut else body
        with front.lock:
            front.served[self.path] += len(sent)
            front.at_once -= 1
        return self.answer(response.status, sent, kept, length=len(body))

    def answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, *, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def push_as_it_is(layout: Path, destination: str) -> None:
    """Put the only image of an OCI layout to HOST/NAME:TAG, its blobs as they lie there."""
    host, _, rest = destination.partition("/")
    name, _, tag = rest.partition(":")
    connection = http.client.HTTPConnection(host)

    def send(method: str, path: str, body: bytes = b"", kind: str = "application/octet-stream") -> str:
        connection.request(method, path, body, {"Content-Type": kind})
        response = connection.getresponse()
        said = response.read()
        assert response.status in (201, 202), said
        return urllib.parse.urlsplit(response.getheader("Location", "")).geturl()

    def blob(digest: str) -> bytes:
        data = (layout / "blobs" / digest.replace(":", "/")).read_bytes()
        place = send("POST", f"/v2/{name}/blobs/uploads/")
        send("PUT", f"{place}&digest={digest}", data)
        return data

    (descriptor,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    text = (layout / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
    manifest = json.loads(text)
    for each in (manifest["config"], *manifest["layers"]):
        blob(each["digest"])
    send("PUT", f"/v2/{name}/manifests/{tag}", text, manifest["mediaType"])
    connection.close()
