"""Data synthesis: from passages to filtered, balanced training rows, with a language model or without one."""
