"""Lazy root filesystems: the index and chunk formats, their reader, and the virtual filesystem."""
