"""Models of others, measured on equal terms: sentence-transformers folders, endpoints, another BM25."""
