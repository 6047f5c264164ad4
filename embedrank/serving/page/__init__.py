"""The web page of a server: files of the package, sent as they are."""
