"""Generators of text, one a file, all behind `TextGenerator`."""
