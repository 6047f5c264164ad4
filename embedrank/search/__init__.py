"""The two-stage search: recall, fuse, rerank, explain. Stands above `index` and `evaluation`, below `apps`."""
