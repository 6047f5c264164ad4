"""What Jina's API has beyond OpenAI's; its reranking is in `dialects/rerank`."""
