"""Memory management: the mappings of a process, the pages of files, and every operation that changes them."""
