"""esbuild, a Go program, from npm's package for this architecture: the same bundles as under qemu-riscv64.

Run by `doit programs` alone (its name says pytest nothing): npm is not a thing that every machine with the tests has.
"""

from __future__ import annotations

import base64
import io
import subprocess
import tarfile
import tempfile
from hashlib import sha512
from pathlib import Path

import pytest
from guest import Pair
from rootfs import HOME, debian

from friscy_build.cache import locked, replacing

VERSION = "0.28.2"
SHA512 = "GeXCej4IQtU1B+QlDV8W/RRvbzI3O/Stss+/bCXv4lZls5WGRtu2a+3JkA3i4qIUlMXpcHebWpF8AkJhATowuA=="
FILES = {
    "app.ts": b"""\
import { area, type Shape } from "./shapes";
import data from "./data.json";
enum Kind { Round = 1, Square }
const shapes: Shape[] = [{ kind: Kind.Round, size: 2 }, { kind: Kind.Square, size: 3 }];
async function* sizes() { for (const shape of shapes) yield area(shape) ** 2; }
(async () => { for await (const size of sizes()) console.log(`${size?.toFixed(3) ?? "none"} ${data.name}`); })();
""",
    "shapes.ts": b"""\
export interface Shape { kind: number; size: number }
export const area = ({ kind, size }: Shape): number => (kind === 1 ? Math.PI : 1) * size * size;
export const unused = () => "shaken out";
class Counter { #count = 0; static of() { return new Counter(); } get count() { return this.#count; } }
export const counter = Counter.of();
""",
    "view.tsx": b"export const View = (p: {name: string}) => <ul>{[1, 2].map(n => <li key={n}>{p.name}</li>)}</ul>;\n",
    "style.css": b"@import './base.css';\n.a { .b & { color: #ff0000; inset: 0 } }\n",
    "base.css": b"body { margin: 0px 0px; background: rgba(0, 0, 0, 0.5) }\n",
    "data.json": b'{"name": "squared"}\n',
    "broken.ts": b"const a = ;\nlet b = 1; let b = 2;\n",
}
ESBUILD = "/opt/esbuild"
QUIET = ("--log-level=warning", "--color=false")


@pytest.fixture(scope="module")
def esbuild() -> bytes:
    """The program, by npm's own client, checked and kept in the cache."""
    kept = HOME / "npm" / f"esbuild-{VERSION}"
    with locked(kept.parent):
        if not kept.exists():
            with tempfile.TemporaryDirectory() as directory:
                package = f"@esbuild/linux-riscv64@{VERSION}"
                subprocess.run(["npm", "pack", "--silent", package], cwd=directory, check=True)
                (archive,) = (path.read_bytes() for path in Path(directory).glob("*.tgz"))
            assert base64.b64encode(sha512(archive).digest()).decode() == SHA512
            with tarfile.open(fileobj=io.BytesIO(archive)) as files, replacing(kept) as file:
                program = files.extractfile("package/bin/esbuild")
                assert program is not None
                file.write(program.read())
    return kept.read_bytes()


@pytest.fixture
def pair(esbuild: bytes) -> Pair:
    return Pair(debian("libraries", (ESBUILD, esbuild)), FILES)


def test_bundles(pair: Pair) -> None:
    """TypeScript and JSON in one file, plain and minified with a source map; JSX; nested style sheets."""
    pair.check(ESBUILD, "app.ts", "--bundle", "--target=es2017", "--outfile=plain.js", *QUIET)
    pair.check(ESBUILD, "app.ts", "--bundle", "--minify", "--sourcemap", "--outfile=small.js", *QUIET)
    pair.check(ESBUILD, "view.tsx", "--jsx=automatic", "--format=cjs", *QUIET)
    pair.check(ESBUILD, "style.css", "--bundle", "--minify", "--target=chrome80", *QUIET)
    assert b"shaken out" not in pair.files["plain.js"][1]
    assert len(pair.files["small.js"][1]) < len(pair.files["plain.js"][1])


def test_errors(pair: Pair) -> None:
    assert b"Unexpected" in pair.check(ESBUILD, "broken.ts", *QUIET, status=1).stderr
    pair.check(ESBUILD, "missing.ts", "--bundle", *QUIET, status=1)
    pair.check(ESBUILD, "--version")


def test_standard_input(pair: Pair) -> None:
    source = b"".join(b"export const v%d: number = %d as number;\n" % (n, n) for n in range(2000))
    pair.check(ESBUILD, "--loader=ts", "--minify-syntax", "--charset=utf8", *QUIET, stdin=source)
