"""The packed Qwen3 decoder and what stands around it: checkpoints, tokenizer, pooling, embedder, reranker."""
