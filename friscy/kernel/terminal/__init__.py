"""Terminals: the line discipline, the user's console, job control."""
