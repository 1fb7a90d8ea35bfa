"""A Dockerfile's text to its stages."""

from __future__ import annotations

import re

from friscy_build.dockerfile.ast import Arg, Dockerfile, From, Instruction, Stage
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.instructions import parse_instruction
from friscy_build.dockerfile.lines import read_lines


def parse(text: str, path: str = "Dockerfile") -> Dockerfile:
    """Parse a whole Dockerfile; `path` names it in errors. Raises DockerfileError."""
    nul = text.find("\0")
    if nul >= 0:
        place = text.count("\n", 0, nul) + 1
        raise DockerfileError(path, place, "a NUL byte", hint="this is no text file")
    source = read_lines(text, path)
    global_args: list[Arg] = []
    stages: list[tuple[From, list[Instruction]]] = []
    for line in source.lines:
        node = parse_instruction(line, path, source.escape)
        if isinstance(node, From):
            stages.append((node, []))
        elif stages:
            stages[-1][1].append(node)
        elif isinstance(node, Arg):
            global_args.append(node)
        else:
            message = f"{node.keyword} before the first FROM"
            hint = "only ARG may come before FROM"
            raise DockerfileError(path, line.span.first, message, text=_cut(line.text), hint=hint)
    if not stages:
        message = "no FROM" if source.lines else "no instructions"
        raise DockerfileError(path, None, message, hint="a Dockerfile starts with FROM IMAGE")
    built = tuple(Stage(base, tuple(instructions)) for base, instructions in stages)
    return Dockerfile(path, tuple(global_args), built, source.escape, source.directives)


def parse_trigger(text: str, path: str) -> Instruction:
    """One instruction of an image's OnBuild list, whose Dockerfile is not at hand."""
    lines = read_lines(text, path).lines
    if len(lines) != 1 or re.match(r"(?i)(from|onbuild|maintainer)\b", lines[0].text):
        raise DockerfileError(path, None, "not one instruction", text=_cut(text))
    return parse_instruction(lines[0], path, "\\")


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
