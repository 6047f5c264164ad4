"""What a request may take: bytes, time to come in, time to be answered; nobody works for a client who is gone."""
