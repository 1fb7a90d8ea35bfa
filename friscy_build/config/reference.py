"""The table of keys in docs/friscy-toml.md, made from the models.

python -m friscy_build.config.reference docs/friscy-toml.md      # bring the table up to date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from friscy_build.config.model import ProjectTable, model_in

BEGIN = "<!-- keys: made by python -m friscy_build.config.reference -->"
END = "<!-- end of keys -->"


def rows(model: type[BaseModel] = ProjectTable, prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """(dotted key, type, default, meaning) of every key, tables in place of which their keys come."""
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        below = model_in(field.annotation)
        if below is None:
            yield key, _type(field), _default(field), field.description or ""
            continue
        if get_origin(field.annotation) is dict:
            key += '."REF"' if name == "images" else ".NAME"
        yield from rows(below, f"{key}.")


def _type(field: FieldInfo) -> str:
    extra_schema: Any = field.json_schema_extra
    if isinstance(extra_schema, dict) and "shown_type" in extra_schema:
        return str(extra_schema["shown_type"])
    text = str(field.annotation)
    for extra in field.metadata:
        written = getattr(extra, "json_schema_input_type", None)
        if written is str and field.annotation is int:
            return "size"
    if "Path" in text:
        return "path"
    literal = next(
        (part for part in (field.annotation, *get_args(field.annotation)) if _is_literal(part)), None
    )
    if literal is not None:
        return " \\| ".join(f'`"{each}"`' for each in get_args(literal))
    origin = get_origin(field.annotation)
    if origin is dict:
        return "table of strings"
    if origin is tuple or "tuple" in text:
        return "list of strings"
    return "boolean" if field.annotation is bool else "string"


def _is_literal(annotation: object) -> bool:
    return get_origin(annotation) is Literal


def _default(field: FieldInfo) -> str:
    extra: Any = field.json_schema_extra
    if isinstance(extra, dict) and "shown_default" in extra:
        return str(extra["shown_default"])
    if field.is_required():
        return "*required*"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int):
        return f'`"{value >> 30}GiB"`'
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{each}"' for each in value) + "]`"
    return "`{}`" if value == {} else f'`"{value}"`'


def table() -> str:
    """The Markdown table."""
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    lines += [f"| `{key}` | {kind} | {default} | {meaning} |" for key, kind, default, meaning in rows()]
    return "\n".join(lines)


def updated(document: str) -> str:
    """`document` with the table between its two markers made anew. ValueError where it has no markers."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(updated(page.read_text("utf-8")), "utf-8")
