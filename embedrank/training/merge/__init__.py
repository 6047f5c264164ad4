"""Merging checkpoints of one shape into one, tensor by tensor, part by part: the memory needed is that of a part."""
