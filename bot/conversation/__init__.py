"""What a conversation is: frozen values and pure functions; time, ids and randomness are arguments."""
