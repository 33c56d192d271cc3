"""`python -m hostup_mcp` is the command `hostup-mcp`."""

from hostup_mcp.cli import main

raise SystemExit(main())
