"""Kinds of tasks beside retrieval, one a file: what is loaded, what is embedded, which metrics are computed."""
