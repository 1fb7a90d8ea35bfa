"""Dockerfiles: `parse` gives what one says, `build_image` does it, `build_inputs` tells what it reads."""

from friscy_build.dockerfile.build import BuiltImage, build_image
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.inputs import Inputs, build_inputs
from friscy_build.dockerfile.parser import parse

__all__ = ["BuiltImage", "DockerfileError", "Inputs", "build_image", "build_inputs", "parse"]
