"""The panel in a browser, for its tests and its screenshots."""
