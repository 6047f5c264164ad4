"""Losses of a student that learns from a teacher, one a file."""
