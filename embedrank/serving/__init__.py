"""Serves models over HTTP: dialects that clients already speak, over one engine."""
