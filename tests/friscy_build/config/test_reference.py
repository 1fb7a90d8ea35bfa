"""docs/friscy-toml.md says what the models say, and its examples work."""

from __future__ import annotations

import re
from pathlib import Path

from friscy_build.config.load import parse_config
from friscy_build.config.reference import rows, updated

PAGE = Path(__file__).parents[3] / "docs/friscy-toml.md"


def test_the_table_of_keys_is_current():
    document = PAGE.read_text("utf-8")
    command = "python -m friscy_build.config.reference docs/friscy-toml.md"
    assert updated(document) == document, f"run: {command}"


def test_every_key_is_explained():
    for key, kind, default, meaning in rows():
        assert kind, key
        assert default, key
        assert len(meaning) > 5, key


def test_the_examples_load():
    examples = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        bundle = "" if "[bundle" in example else '[bundle.any]\ndockerfile = "Dockerfile"\n'
        parse_config((bundle + example).encode(), PAGE)
