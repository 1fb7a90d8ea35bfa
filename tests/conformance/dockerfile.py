"""BuildKit's own cases for Dockerfiles, read out of its tests, against our parser and our expansion.

python tests/conformance/dockerfile.py             # fails where something passed before
python tests/conformance/dockerfile.py --accept    # keep what came out

The tests are one commit of BuildKit's git repository, whose hash vouches for them: from upstream, or from a clone that
$FRISCY_BUILDKIT names. What is compared:

- `envVarTest`, `wordsTest` and the table of `lex_test.go`: what a word with variables becomes, or that it is refused
- the parser's `testfiles`: each instruction's name, flags and words as its `result` has them; `testfiles-negative`
  and the table of wrong instructions: that they are refused; `json_test.go`
- every Dockerfile in the integration tests (`dockerfile_*_test.go`): that it is accepted. One that is not keeps its
  reason in the results, where a reader can see whether BuildKit refuses it too
"""

from __future__ import annotations

import argparse
import ast as python
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent)]

from results import Results, conclude  # noqa: E402

from friscy_build.cache import cache_dir, locked  # noqa: E402
from friscy_build.dockerfile import DockerfileError, ast, parse  # noqa: E402
from friscy_build.dockerfile.expand import ExpansionError, expand_word, expand_words  # noqa: E402
from friscy_build.dockerfile.instructions import parse_instruction  # noqa: E402
from friscy_build.dockerfile.lines import read_lines  # noqa: E402
from friscy_build.dockerfile.words import NotStrings, parse_json_list, take_flags  # noqa: E402

REPOSITORY = "https://github.com/moby/buildkit.git"
RELEASE, COMMIT = "v0.32.2", "991535e0973488b6a429096d21fa13f81f2d89d8"
ABOUT = {"suite": "BuildKit's Dockerfile tests", "release": RELEASE, "commit": COMMIT}
RESULTS = HERE / "results" / "dockerfile.json"
FOLDER = "frontend/dockerfile"

Cases = Iterator[tuple[str, str]]  # name, and "pass", "refused: why" or "fail: how"


def sources() -> Path:
    """BuildKit's `frontend/dockerfile`, fetched where the cache has none."""
    place = cache_dir() / "conformance" / f"buildkit-{RELEASE}"
    with locked(place.parent):
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            repository = os.environ.get("FRISCY_BUILDKIT", REPOSITORY)
            for words in (
                ("init", "-q"),
                ("fetch", "-q", "--depth=1", "--filter=blob:none", repository, COMMIT),
                ("-c", f"remote.origin.url={repository}", "checkout", "-q", COMMIT, "--", FOLDER),
            ):
                subprocess.run(["git", *words], cwd=place, check=True)
            (place / "complete").touch()
    return place / FOLDER


def outcome(found: object, expected: object) -> str:
    """The status of a case with a right answer."""
    return "pass" if found == expected else f"fail: {found!r}, not {expected!r}"


# -- expansion ----------------------------------------------------------------------------------------


def expansion(place: Path) -> Cases:
    """envVarTest: one word a line, `error` where it has none. U and A are for systems other than Windows."""
    variables = {"PWD": "/home", "SHELL": "bash", "KOREAN": "한국어", "NULL": ""}
    for number, line in _lines(place / "shell" / "envVarTest"):
        system, word, expected = (part.strip() for part in line.split("|"))
        if system in ("A", "U"):
            yield f"envVarTest:{number}", outcome(_expanded(word, variables), expected)


def words(place: Path) -> Cases:
    """wordsTest: the words a text becomes; ENV sets a variable for what follows."""
    variables: dict[str, str] = {}
    for number, line in _lines(place / "shell" / "wordsTest", strip=False):
        if line.startswith("ENV "):
            name, _, value = line[3:].lstrip(" ").partition("=")
            variables[name] = value
            continue
        text, _, expected = line.partition("|")
        try:
            found = expand_words(text.strip(), variables)
        except ExpansionError:
            found = ["error"]
        yield f"wordsTest:{number}", outcome(found or [""], expected.lstrip(" ").split(","))


def lexer(place: Path) -> Cases:
    """The table of TestProcessWithMatches: a text, variables, and what comes out."""
    source = (place / "shell" / "lex_test.go").read_text("utf-8")
    table = source[source.index("func TestProcessWithMatches") :]
    table = table[: table.index("\n\t}\n\n\tfor ")]
    for number, entry in enumerate(table.split("\n\t\t{\n")[1:], 1):
        pairs = re.findall(r'("(?:[^"\\]|\\.)*"):\s+("(?:[^"\\]|\\.)*")', _field(entry, "envs"))
        variables = {_unquoted(name): _unquoted(value) for name, value in pairs}
        text, expected = _literal(entry, "input"), _literal(entry, "expected")
        found = _expanded(text, variables)
        yield (
            f"lex_test.go:{number}",
            outcome(found, "error" if "expectedErr: true" in _flat(entry) else expected),
        )


def _expanded(word: str, variables: dict[str, str]) -> str:
    try:
        return expand_word(word, variables)
    except ExpansionError:
        return "error"


def _lines(path: Path, *, strip: bool = True) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip() if strip else line


# -- Go source ----------------------------------------------------------------------------------------


def _flat(entry: str) -> str:
    return re.sub(r"\s+", " ", entry)


def _field(entry: str, name: str) -> str:
    """The text of a field that is followed by another one of its table, "" where there is none."""
    match = re.search(rf"^\t+{name}:(.*?)^\t+(?:expected|matches|unmatched)", entry, re.S | re.M)
    return match[1] if match else ""


def _literal(entry: str, name: str) -> str:
    """The string that a field of a table holds, "" where it has none."""
    match = re.search(rf'\b{name}:\s+("(?:[^"\\]|\\.)*"|`[^`]*`)', entry, re.S)
    return _unquoted(match[1]) if match else ""


def _unquoted(literal: str) -> str:
    if literal[0] == "`":
        return literal[1:-1]
    # Go's escapes are among Python's, but for \/ in JSON.
    return str(python.literal_eval(literal))


# -- parser -------------------------------------------------------------------------------------------


def fixtures(place: Path) -> Cases:
    """testfiles: every instruction beside its line of `result`."""
    for directory in sorted((place / "parser" / "testfiles").iterdir()):
        text = (directory / "Dockerfile").read_bytes().decode("utf-8")
        expected = _tree((directory / "result").read_text("utf-8"))
        try:
            lines = read_lines(text, "Dockerfile")
        except DockerfileError as error:
            yield f"testfiles/{directory.name}", f"fail: {error}"
            continue
        yield f"testfiles/{directory.name}", outcome(len(lines.lines), len(expected))
        for number, (line, (name, flags, wanted)) in enumerate(zip(lines.lines, expected, strict=False), 1):
            case = f"testfiles/{directory.name}:{number}"
            try:
                node = parse_instruction(line, "Dockerfile", lines.escape)
            except DockerfileError as error:
                yield case, f"refused: {error.message}"
                continue
            given = take_flags(line.text[len(name) :].strip())[0]
            yield case, outcome((node.keyword.lower(), given, spoken(node)), (name, flags, wanted))


_TOKEN = re.compile(r'\s*(?:([()\[\]])|("(?:[^"\\]|\\.)*")|([^\s()\[\]"]+))')
_Node = tuple[str, list[str], list[object]]


def _tree(text: str) -> list[_Node]:
    """What a `result` says: (name, flags, words), a node in place of a word for what ONBUILD triggers."""
    tokens = [match.groups() for match in _TOKEN.finditer(text)]
    nodes: list[_Node] = []
    at = 0
    while at < len(tokens):
        node, at = _node(tokens, at)
        nodes.append(node)
    return nodes


def _node(tokens: list[tuple[str | None, ...]], at: int) -> tuple[_Node, int]:
    name, flags, found, inside = str(tokens[at + 1][2]), [], [], False
    at += 2
    while tokens[at][0] != ")":
        mark, text, _ = tokens[at]
        if mark == "(":
            child, at = _node(tokens, at)
            found.append(child)
            continue
        if mark is not None:
            inside = mark == "["
        else:
            (flags if inside else found).append(_unquoted(str(text)))
        at += 1
    return (name, flags, found), at + 1


def spoken(node: ast.Instruction) -> list[object]:
    """The words of an instruction, as a `result` has them."""
    match node:
        case ast.From():
            return [node.image, *(("AS", node.name) if node.name else ())]
        case ast.Arg():
            return [name if default is None else f"{name}={default}" for name, default in node.args]
        case ast.Env() | ast.Label():
            return _pairs(node)
        case ast.Transfer():
            return [*node.sources, *(f"<<{each.name}" for each in node.heredocs), node.destination]
        case ast.Run() | ast.Cmd() | ast.Entrypoint():
            return list(node.command.args)
        case ast.Healthcheck():
            return ["NONE"] if node.command is None else ["CMD", *node.command.args]
        case ast.Onbuild():
            inner = node.instruction
            name = inner.text.split(maxsplit=1)
            return [(inner.keyword.lower(), take_flags(name[1])[0] if len(name) > 1 else [], spoken(inner))]
        case ast.Shell():
            return list(node.args)
        case ast.Expose():
            return list(node.ports)
        case ast.Volume():
            return list(node.paths)
        case ast.Workdir():
            return [node.path]
        case ast.User():
            return [node.user]
        case ast.Stopsignal():
            return [node.signal]
        case ast.Maintainer():
            return [node.name]
    raise AssertionError(node)


def _pairs(node: ast.Env | ast.Label) -> list[object]:
    """Name, value and what stood between them: "" in the form with a blank."""
    first = re.match(r"\w+\s+(?:[^\s=\"']|\"(?:[^\"\\]|\\.)*\"|'[^']*')*(=?)", node.text, re.S)
    between = first[1] if first else ""
    return [word for pair in node.pairs for word in (pair.name, pair.value, between)]


def wrong(place: Path) -> Cases:
    """What the parser or the grammar refuses."""
    for directory in sorted((place / "parser" / "testfiles-negative").iterdir()):
        text = (directory / "Dockerfile").read_text("utf-8")
        yield f"testfiles-negative/{directory.name}", _refused(text)
    source = (place / "instructions" / "parse_test.go").read_text("utf-8")
    table = source[source.index("func TestErrorCases") :]
    for number, entry in enumerate(table[: table.index("\n\t}\n\tfor ")].split("\n\t\t{\n")[1:], 1):
        yield f"parse_test.go:{number}", _refused(f"FROM scratch\n{_literal(entry, 'dockerfile')}")


def _refused(text: str) -> str:
    try:
        parse(text)
    except DockerfileError:
        return "pass"
    return "fail: accepted"


def lists(place: Path) -> Cases:
    """json_test.go: lists of strings, and lists of other things."""
    source = (place / "parser" / "json_test.go").read_text("utf-8")
    invalid, _, valid = source.partition("var validJSONArraysOfStrings")
    for number, text in enumerate(re.findall(r"^\t(`[^`]*`),$", invalid, re.M), 1):
        try:
            found = f"fail: {parse_json_list(_unquoted(text))!r}"
        except NotStrings:
            found = "pass"
        yield f"json_test.go:invalid:{number}", found
    for number, (text, expected) in enumerate(re.findall(r"^\t(`[^`]*`):\s+\{(.*)\},$", valid, re.M), 1):
        wanted = [_unquoted(each) for each in re.findall(r'"(?:[^"\\]|\\.)*"', expected)]
        yield f"json_test.go:valid:{number}", outcome(parse_json_list(_unquoted(text)), wanted)


_RAW = re.compile(r"`[^`]*`(?:\s*\+\s*[^`+]+?\s*\+\s*`[^`]*`)*")
_JOINT = re.compile(r"`\s*\+\s*([^`+]+?)\s*\+\s*`")


def integration(place: Path) -> Cases:
    """Every Dockerfile that an integration test builds; the verbs of a template, and variables, stand for words."""
    for path in sorted(place.glob("dockerfile*_test.go")):
        source = path.read_text("utf-8").replace('` + "`" + `', "\\x60")
        for match in _RAW.finditer(source):
            text = _JOINT.sub("WORD", match[0])[1:-1].replace("\\x60", "`")
            if not re.search(r"^\s*FROM\s", text, re.M | re.I):
                continue
            case = f"{path.name}:{source.count(chr(10), 0, match.start()) + 1}"
            try:
                parse(text)
            except DockerfileError as error:
                yield case, f"refused: {error.message}"
            else:
                yield case, "pass"


PARTS = (expansion, words, lexer, fixtures, wrong, lists, integration)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accept", action="store_true", help="keep the results")
    options = parser.parse_args()
    kept = Results.load(RESULTS)
    place = sources()
    found = {name: status for part in PARTS for name, status in part(place)}
    passed = sum(status == "pass" for status in found.values())
    print(f"{passed} of {len(found)} cases of BuildKit {RELEASE} pass")
    for name, status in found.items():
        if status != "pass":
            print(f"  {name}: {status}")
    changed = [line for line in kept.news("friscy", found) if kept.tests]
    for line in changed:
        print(f"  now: {line}")
    return conclude(RESULTS, ABOUT, found, accept=options.accept)


if __name__ == "__main__":
    sys.exit(main())
