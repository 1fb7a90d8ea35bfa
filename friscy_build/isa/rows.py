"""All rows: RV64GC. The order is stable; tables may be indexed by a row's place in it."""

from __future__ import annotations

from friscy_build.isa import rv_a, rv_c, rv_d, rv_f, rv_i, rv_m, zicsr, zifencei
from friscy_build.isa.row import Row

BASE_ROWS: tuple[Row, ...] = tuple(
    row
    for extension in (
        rv_i.EXTENSION,
        rv_m.EXTENSION,
        rv_a.EXTENSION,
        zicsr.EXTENSION,
        zifencei.EXTENSION,
        rv_f.EXTENSION,
        rv_d.EXTENSION,
    )
    for row in extension.rows
)
COMPRESSED_ROWS: tuple[Row, ...] = tuple(rv_c.make({row.name: row for row in BASE_ROWS}).rows)
ROWS = BASE_ROWS + COMPRESSED_ROWS
BY_NAME: dict[str, Row] = {row.name: row for row in ROWS}
