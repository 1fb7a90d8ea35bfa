"""A project that builds bundles with friscy, and does something of its own with them."""

from friscy_build.tasks import friscy_tasks

friscy_tasks(globals())

DOIT_CONFIG = {"default_tasks": ["size"]}


def task_size():
    """print what the bundle takes on disk"""
    return {
        "actions": ["du -sh build/greeting"],
        "task_dep": ["bundle:greeting"],
        "verbosity": 2,
        "uptodate": [False],
    }
