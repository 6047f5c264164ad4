"""Steps, one a file: what each asks and how it takes the answer."""
