"""Our models in mteb's evaluator, and our folders as its tasks: every file here needs mteb, nothing else does."""
