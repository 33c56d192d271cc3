"""The product as its users meet it: a process, a client, a person, and an account behind it."""
