"""Texts found in packages of the machine's registries: pairs of English and another language, and English alone."""
