"""Paths that two dialects share, told apart by the body."""
