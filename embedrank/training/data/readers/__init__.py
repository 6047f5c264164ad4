"""Readers of training data, one format a file; `embedrank.training.data.reading` chooses."""
