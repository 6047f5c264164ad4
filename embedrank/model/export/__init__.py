"""Models in other formats, each written by one file here, run in its own runtime and compared before it is kept."""
