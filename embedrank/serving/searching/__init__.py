"""Search over HTTP: one index, its documents, what users thought of the answers, and a map of it all."""
