"""The embedded account keeps the documented contract."""
