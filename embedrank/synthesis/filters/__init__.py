"""Filters, one a file: each says of a row whether it is kept, and if not, why."""

from embedrank.synthesis.filters.registry import FILTERS, FilterKind, build_filters, filter_configs

__all__ = ["FILTERS", "FilterKind", "build_filters", "filter_configs"]
