"""The `friscy` command: one module per subcommand."""
