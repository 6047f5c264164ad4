"""Measuring retrieval: BEIR folders, runs, metrics, comparison. Imports `core` only; models and stores are handed in."""
