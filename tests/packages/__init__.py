"""What is handed out: wheel, desktop bundle, and the registry's entry."""
