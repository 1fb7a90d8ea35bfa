"""`--overlay DIR` of the commands that run a bundle: what the guest writes is kept there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from friscy.bundle import open_bundle
from friscy.run import Request, run_bundle

if TYPE_CHECKING:
    import argparse


def add_overlay_argument(parser: argparse._ActionsContainer) -> None:
    """The option."""
    parser.add_argument(
        "--overlay",
        metavar="DIR",
        help="keep what the guest writes in DIR when the run ends, and begin with what is kept there",
    )


def run_with_overlay(request: Request, directory: str | None) -> int:
    """Run the bundle of `request` over what `directory` keeps; its exit status. None: nothing is kept."""
    if directory is None:
        return run_bundle(request)
    from friscy_build.layers.kept import KeptOverlay

    with KeptOverlay(directory, open_bundle(request.bundle)).held() as kept:
        request.overlay = kept
        return run_bundle(request)
