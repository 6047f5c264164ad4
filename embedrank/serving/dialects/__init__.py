"""APIs that clients already speak, all at once; each is a folder."""
