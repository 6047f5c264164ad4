"""Training data on disk: readers of foreign formats, and rows that are fetched by number without being held."""
