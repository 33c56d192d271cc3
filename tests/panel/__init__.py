"""The recovery panel in a real browser, inside a host made of the reference implementation."""
