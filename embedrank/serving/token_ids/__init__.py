"""Token ids in place of texts: whose vocabulary they are of, and what they say."""
