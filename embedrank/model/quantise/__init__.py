"""Weights in fewer bits, one scheme a file."""
