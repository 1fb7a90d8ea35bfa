"""friscy's own tasks: `doit list` shows them, `doit bundle` builds what friscy.toml says."""

from friscy_build.development import task_bench, task_conformance, task_demo, task_test  # noqa: F401
from friscy_build.tasks import friscy_tasks

DOIT_CONFIG = {"default_tasks": ["bundle"]}
friscy_tasks(globals())
