"""The command line. The only room that reads the environment; it wires models, indexes and data together.

Importing it is cheap: every command imports what it needs when it runs.
"""

from __future__ import annotations

from embedrank.cli.app import main

__all__ = ["main"]
