"""Training on several devices: who takes part, how weights are kept, and encoding with sharded weights."""
