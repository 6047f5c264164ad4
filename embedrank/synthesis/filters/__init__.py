"""Filters, one a file: each says of a row whether it is kept, and if not, why."""
