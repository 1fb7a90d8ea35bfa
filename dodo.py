"""friscy's own tasks: `doit list` shows them, `doit bundle` builds what friscy.toml says."""

from friscy_build.development import (  # noqa: F401
    task_bench,
    task_conformance,
    task_demo,
    task_examples,
    task_golden,
    task_programs,
    task_servers,
    task_test,
)
from friscy_build.tasks import friscy_tasks

DOIT_CONFIG = {"default_tasks": ["bundle"]}
friscy_tasks(globals())
