"""Low-rank adapters (LoRA, QLoRA) by peft on our decoder: put in, train, save, load, merge."""
