"""The vocabulary of the house: types, errors, prompts and protocols. Imports no torch and no other layer."""
