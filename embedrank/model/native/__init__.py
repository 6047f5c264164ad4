"""Kernels of our own for serving on CPU: C sources, built once a machine with the compiler that is there."""
