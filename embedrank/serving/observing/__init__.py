"""What a server shows of itself: metrics, and one line of log for each request."""
