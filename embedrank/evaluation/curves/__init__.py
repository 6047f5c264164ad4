"""Quality against what it costs: dimensions, bytes, reranked depth, time; and how far scores can be believed."""
