"""The recovery panel in a real browser, in a host page based on the reference implementation."""
