"""Snapshots: the format, capture of a quiescent machine, restore, and the local image cache."""
