"""What an assistant sees: tools, their results, and the errors."""
