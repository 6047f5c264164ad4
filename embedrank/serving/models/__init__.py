"""Several models in one server: found by name, loaded when first asked for, evicted when memory is short."""
