"""Measuring retrieval: BEIR folders, runs, metrics, comparison. Imports `core` only; all else is handed in."""
