"""The tools, a module for each noun."""
