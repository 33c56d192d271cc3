"""The product as its users meet it: a process, a client, a user, and an account behind it."""
