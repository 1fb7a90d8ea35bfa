"""One page about the results: benchmarks/results/*.json as tables and bars, with nothing to load from elsewhere.

python -m benchmarks.report [FILE]      default: build/bench/report.html
"""

from __future__ import annotations

import json
import math
import sys
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.harness import RESULTS, ROOT, figure

_BAR_WIDTH, _ROW_HEIGHT, _NAME_WIDTH, _WIDTH = 430, 26, 250, 860
_LOG_FROM = 30.0  # bars are logarithmic where the largest value is so many times the smallest
_OWN = ("friscy", "restore", "open", "first read", "interpret")  # how the names of our own contenders begin
_SHADES = ("#3d6fb6", "#5d9ad1", "#8dbbe0", "#c4a35a", "#a9743a", "#7f9f6a", "#9aa0a6")

_STYLE = """
:root { --ink: #1c2430; --soft: #687385; --rule: #e3e7ed; --paper: #ffffff; --bar: #8dbbe0; --own: #3d6fb6;
  --good: #2e7d4f; --bad: #b3402e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --rule: #2c3440; --paper: #14181f;
  --bar: #48627f; --own: #6ea3e6; --good: #66c08e; --bad: #ea8271; } }
body { margin: 3rem auto; max-width: 60rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .4rem; }
p { color: var(--soft); margin: .2rem 0; } svg { width: 100%; height: auto; display: block; }
text { font: 13px system-ui, sans-serif; fill: var(--ink); } .soft { fill: var(--soft); }
.bar { fill: var(--bar); } .own { fill: var(--own); } .range { stroke: var(--soft); stroke-width: 1.5; }
.good { fill: var(--good); color: var(--good); } .bad { fill: var(--bad); color: var(--bad); }
.rule { stroke: var(--rule); } ul { padding-left: 1.2rem; } li { margin: .15rem 0; }
"""


def load(directory: Path) -> dict[str, dict[str, Any]]:
    """The results in a directory by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(directory.glob("*.json"))}


def page(results: dict[str, dict[str, Any]]) -> str:
    """The whole HTML page."""
    goals = [(result, row) for result in results.values() for row in result["rows"] if "goal" in row]
    reached = sum(row["reached"] for _, row in goals)
    body = [f"<h1>friscy: measured</h1>\n<p>{reached} of {len(goals)} goals reached.</p>"]
    if goals:
        body.append("<ul>\n" + "\n".join(_goal(result, row) for result, row in goals) + "\n</ul>")
    for result in results.values():
        body.append(f"<h2>{escape(result['title'])}</h2>\n{bars(result)}")
        for name, parts in result.get("parts", {}).items():
            body.append(f"<p>{escape(name)}: where the time goes</p>\n{stack(parts)}")
        body.append(f"<p>{escape(_machine(result['machine']))}</p>")
    style = f"<style>{_STYLE}</style>"
    head = f'<meta charset="utf-8"><title>friscy: measured</title>\n{style}'
    return f'<!doctype html>\n<html lang="en">\n{head}\n<body>\n' + "\n".join(body) + "\n</body>\n</html>\n"


def _goal(result: dict[str, Any], row: dict[str, Any]) -> str:
    kind, word = ("good", "reached") if row["reached"] else ("bad", "missed")
    value = f"{figure(row['median'])} {row['unit']}, {figure(row['ratio'])} x {result['base']}"
    return (
        f'<li><span class="{kind}">{word}</span> {escape(row["name"])}: {escape(value)} '
        f"(goal {escape(row['goal'])})</li>"
    )


def bars(result: dict[str, Any]) -> str:
    """A bar for each contender with the range of its samples; the smallest values first."""
    rows = sorted(result["rows"], key=lambda row: row["median"])
    largest = max(max(row["median"], row["spread"][1]) for row in rows) or 1.0
    smallest = min((row["median"] for row in rows if row["median"] > 0), default=largest)
    length = _scale(smallest, largest)
    lines = []
    for number, row in enumerate(rows):
        width = length(row["median"])
        low, high = (length(value) for value in row["spread"])
        kind = "own" if row["name"].startswith(_OWN) else "bar"
        label = escape(f"{figure(row['median'])} {row['unit']}")
        if row["name"] != result["base"]:
            label += f'<tspan class="soft"> · {figure(row["ratio"])} x</tspan>'
        if "goal" in row:
            label += f' <tspan class="{"good" if row["reached"] else "bad"}">{escape(row["goal"])}</tspan>'
        lines.append(
            f'<g transform="translate({_NAME_WIDTH} {number * _ROW_HEIGHT})">'
            f'<text x="-8" y="17" text-anchor="end">{escape(row["name"])}</text>'
            f'<rect class="{kind}" y="5" width="{width:.1f}" height="16" rx="2"/>'
            f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="13" y2="13"/>'
            f'<text x="{max(width, high) + 8:.1f}" y="17">{label}</text></g>'
        )
    scale = "logarithmic" if largest / smallest > _LOG_FROM else "linear"
    height = len(rows) * _ROW_HEIGHT
    return (
        f'<svg viewBox="0 0 {_WIDTH + 60} {height + 4}" role="img" aria-label="{escape(result["title"])}">'
        f'<line class="rule" x1="{_NAME_WIDTH}" x2="{_NAME_WIDTH}" y1="0" y2="{height}"/>\n'
        + "\n".join(lines)
        + f"\n</svg>\n<p>Medians of {escape(result['rows'][0]['unit'])}; the line is the range; {scale} bars; "
        f"x: times {escape(result['base'])}.</p>"
    )


def _scale(smallest: float, largest: float) -> Any:
    """value -> length of its bar. Logarithmic where a linear one would show nothing of the small ones."""
    if largest / smallest <= _LOG_FROM:
        return lambda value: _BAR_WIDTH * max(value, 0.0) / largest
    floor = math.log(smallest / 2)
    span = math.log(largest) - floor
    return lambda value: _BAR_WIDTH * max(math.log(value) - floor, 0.0) / span if value > 0 else 0.0


def stack(parts: list[list[Any]]) -> str:
    """One bar cut into its parts, with a legend."""
    total = sum(max(value, 0.0) for _, value in parts) or 1.0
    x, pieces, legend = 0.0, [], []
    for number, (name, value) in enumerate(parts):
        width = _WIDTH * max(value, 0.0) / total
        color = _SHADES[number % len(_SHADES)]
        label = f"{escape(name)} {figure(value)} ms"
        pieces.append(
            f'<rect x="{x:.1f}" y="0" width="{width:.1f}" height="20" fill="{color}"><title>{label}</title></rect>'
        )
        legend.append(f'<span style="color:{color}">■</span> {label}')
        x += width
    return (
        f'<svg viewBox="0 0 {_WIDTH} 22" role="img">'
        + "".join(pieces)
        + f"</svg>\n<p>{' &nbsp; '.join(legend)}</p>"
    )


def _machine(facts: dict[str, Any]) -> str:
    return ", ".join(f"{value}" if key in ("cpu", "os") else f"{key} {value}" for key, value in facts.items())


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    path = Path(words[0]) if words else ROOT / "build" / "bench" / "report.html"
    results = load(RESULTS)
    if not results:
        print("error: there are no results yet\n  run: friscy bench", file=sys.stderr)
        return 2
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(results))
    print(f"\nThe report is in {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
