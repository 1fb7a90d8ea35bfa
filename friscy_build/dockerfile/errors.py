"""What is wrong in a Dockerfile, and on which line."""

from __future__ import annotations

from friscy_build.config.errors import ConfigError


class DockerfileError(ConfigError):
    """`text`, on `line` of `file`, is not a Dockerfile's grammar or asks for what cannot be done."""

    def __init__(
        self, file: object, line: int | None, message: str, *, text: str = "", hint: str = ""
    ) -> None:
        super().__init__(file, message, line=line, key=text, hint=hint)
        self.text = text
