#!/bin/sh
# Installs what building and testing the panel need: npm packages, and Playwright into PYTHON
# (default: python3). The browser is the system's Chromium (Debian: apt-get install chromium).
set -eu
cd "$(dirname "$0")"
npm ci
"${PYTHON:-python3}" -m pip install "playwright>=1.50,<2"
command -v chromium >/dev/null || echo "chromium is not installed: apt-get install chromium" >&2
