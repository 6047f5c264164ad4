"""Kinds of steps, one a file."""
