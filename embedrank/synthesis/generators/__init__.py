"""Generators of text behind one protocol, chosen by name."""
