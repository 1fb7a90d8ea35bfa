"""What `friscy inspect` finds out and shows. Facts are plain dicts: --json prints what the text is made from."""
