"""What is released: wheel, desktop bundle, and registry entry."""
