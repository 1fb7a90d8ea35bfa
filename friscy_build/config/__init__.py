"""friscy.toml: `load_config` reads and checks it.

config = load_config("friscy.toml")
for bundle in config.bundles.values():
    bundle.dockerfile, bundle.context, bundle.output     # absolute paths, defaults filled in
config.sources("python:3.13-slim")                       # the chain of a FROM, () where none is declared
"""

from friscy_build.config.errors import ConfigError, nearest
from friscy_build.config.load import Bundle, Config, load_config
from friscy_build.config.model import (
    AotTable,
    BuildTable,
    DebianTable,
    ImageSource,
    LimitsTable,
    MachineTable,
    NetworkTable,
    RegistryTable,
    RunTable,
    SnapshotTable,
    parse_size,
)
from friscy_build.images.reference import normalize_reference

__all__ = [
    "AotTable",
    "BuildTable",
    "Bundle",
    "Config",
    "ConfigError",
    "DebianTable",
    "ImageSource",
    "LimitsTable",
    "MachineTable",
    "NetworkTable",
    "RegistryTable",
    "RunTable",
    "SnapshotTable",
    "load_config",
    "nearest",
    "normalize_reference",
    "parse_size",
]
