"""Quantised forms of vectors with a gradient, one a file: put between vectors and any loss."""
