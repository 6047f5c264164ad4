"""Steps that turn the public data sets into training rows for the bundled models."""
