"""A bundle's facts as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from friscy.cli.inspection.text import bar, clip, columns, count, heading, human, safe, width, words
from friscy.machine.layout import PAGE

_BAR = 20
_KINDS = (
    ("file", "file", ""), ("dir", "directory", "directories"), ("symlink", "symbolic link", ""),
    ("char", "character device", ""), ("block", "block device", ""), ("fifo", "FIFO", ""), ("socket", "socket", ""),
)  # fmt: skip
_MAPPINGS = 8


def report(facts: dict[str, Any]) -> list[str]:
    """The lines `friscy inspect BUNDLE` prints."""
    total = sum(file["size"] for file in facts["files"].values())
    head = f"{safe(facts['name'])}  {safe(facts['directory'])}, {human(total)} in {count(len(facts['files']), 'file')}"
    lines = [heading(head)]
    for title, part in (
        ("process", _process(facts)),
        ("files", _files(facts["files"])),
        ("root filesystem", _rootfs(facts["rootfs"])),
        ("snapshot", _snapshot(facts["snapshot"])),
    ):
        lines += ["", heading(title), *("  " + line for line in part)]
    return lines


def _table(rows: list[tuple[str, str]]) -> Iterator[str]:
    for line in columns(rows, "<<"):
        yield clip(line, width() - 2)


def _process(facts: dict[str, Any]) -> Iterator[str]:
    process, image = facts["process"], facts["image"]
    rows = [
        ("entrypoint", words(process["entrypoint"]) or "(none)"),
        ("command", words(process["cmd"]) or "(none)"),
    ]
    rows += [("environment" if not n else "", safe(each)) for n, each in enumerate(process["env"])]
    rows += [
        ("directory", safe(process["cwd"])),
        ("user", safe(process["user"]) or "root"),
        ("memory", human(facts["machine"]["memory"])),
        ("image", safe(image["origin"])),
        ("", safe(image["digest"])),
        ("made by", ", ".join(f"{safe(name)} {safe(version)}" for name, version in facts["tools"].items())),
    ]
    return _table(rows)


def _files(files: dict[str, Any]) -> list[str]:
    largest = max((file["size"] for file in files.values()), default=0)
    rows = [
        (safe(name), human(file["size"]), f"{bar(file['size'], largest, _BAR):<{_BAR}}", file["sha256"][:16])
        for name, file in files.items()
    ]  # fmt: skip
    return columns(rows, "<><<")


def _rootfs(facts: dict[str, Any]) -> Iterator[str]:
    kinds = [
        count(facts["kinds"][kind], noun, plural) for kind, noun, plural in _KINDS if facts["kinds"][kind]
    ]
    data, distinct, stored = facts["data_bytes"], facts["distinct_bytes"], facts["stored_bytes"]
    yield from _table([
        ("inodes", f"{facts['inodes']:,}: {', '.join(kinds)}"),
        ("size", f"{human(facts['apparent_bytes'])}, of which {human(data)} are data"),
        ("stored", f"{human(stored)} in {count(facts['chunks'], 'chunk')}"
                   + (f", {stored / data:.1%} of the data" if data else "")),
        ("saved", f"{_ratio(data, distinct)} by deduplication, {_ratio(distinct, stored)} by compression"),
    ])  # fmt: skip
    largest = facts["largest"]
    if largest:
        yield "largest files"
        top = largest[0]["size"]
        room = width() - 4 - 10 - 2 - _BAR - 2
        for file in largest:
            chart = bar(file["size"], top, _BAR)
            yield f"  {human(file['size']):>10}  {chart:<{_BAR}}  {clip(safe(file['path']), room)}"


def _ratio(before: int, after: int) -> str:
    return f"{before / after:.2f}x" if after else "1.00x"


def _snapshot(facts: dict[str, Any] | None) -> Iterator[str]:
    if facts is None:
        yield "none: every run starts the program from the beginning"
        return
    stored = sum(section["stored_bytes"] for section in facts["sections"])
    raw = sum(section["raw_bytes"] for section in facts["sections"])
    where = {"entry": "linked, before main", "stdin": "at the first read of standard input"}
    yield from _table([
        ("stands", f"{facts['at']}: {where.get(facts['at'], '')}"),
        ("identity", facts["identity"]),
        ("stored", f"{human(stored)} of {human(raw)}"),
        ("terminal", "yes" if any(facts["tty"]) else "no"),
    ])  # fmt: skip
    for process in facts["processes"]:
        yield from _saved_process(process)


def _saved_process(process: dict[str, Any]) -> Iterator[str]:
    pages = process["pages"]
    yield clip(f"process {process['pid']}  {words(process['cmdline'])}", width() - 2)
    tasks = ", ".join(f"{task['tid']} {task['state']}" for task in process["tasks"])
    mapped, stored = pages["mapped"] * PAGE, pages["stored"] * PAGE
    rows = [
        ("  program", safe(process["exe"])),
        ("  tasks", tasks),
        ("  memory", f"{human(mapped)} mapped, {human(stored)} of it stored: {pages['stored']:,} pages "
                     f"in {count(pages['runs'], 'run')}, {pages['stored_zero']:,} of them zeros"),
    ]  # fmt: skip
    by_name: dict[str, int] = {}
    for mapping in process["mappings"]:
        name = mapping["name"] or "anonymous"
        by_name[name] = by_name.get(name, 0) + mapping["end"] - mapping["start"]
    ranked = sorted(by_name.items(), key=lambda each: -each[1])
    shown = ranked[:_MAPPINGS]
    label = f"  {count(len(process['mappings']), 'mapping')}"
    for number, (name, nbytes) in enumerate(shown):
        rows.append(("" if number else label, f"{human(nbytes):>9}  {safe(name)}"))
    if ranked[_MAPPINGS:]:
        rest = sum(nbytes for _, nbytes in ranked[_MAPPINGS:])
        rows.append(("", f"{human(rest):>9}  {len(ranked) - _MAPPINGS} others"))
    for number, each in enumerate(process["descriptors"]):
        rows.append(("" if number else "  descriptors", f"{each['fd']:>3}  {safe(each['file'])}"))
    yield from _table(rows)
