"""vLLM's API, beyond what it shares with others."""
