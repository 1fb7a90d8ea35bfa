"""Translated code for bundles: what ran, where its files are to lie, the translation, what a bundle holds of it."""
