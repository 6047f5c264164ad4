"""Hard negatives: retrieve, judge by rules, draw, have a reranker veto; all of it resumable and counted."""
