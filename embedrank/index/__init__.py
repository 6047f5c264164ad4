"""Stores, lexical analysis, readers, chunking: everything between a folder of files and a searchable index."""
