"""Where a search goes wrong: the worst queries, stage by stage, and the kinds of queries that suffer."""
