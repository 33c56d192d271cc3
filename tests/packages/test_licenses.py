"""The license texts of bundled code are shipped with it."""

import re
import tomllib

from .tools import ROOT

PANEL = ROOT / "hostup_mcp" / "server" / "panel"


def test_the_panels_packages_have_their_texts() -> None:
    start = (PANEL / "recovery.html").read_text(encoding="utf-8")[:4000]
    named = re.search(r"Contains (@\S+) (\S+) \(", start)
    assert named is not None
    texts = (PANEL / "LICENSES.txt").read_text(encoding="utf-8")
    headings = re.findall(r"^-{80}\n\n(\S+ \S+)$", texts, re.MULTILINE)
    assert f"{named[1]} {named[2]}" in headings
    assert "Apache License" in texts
    assert "MIT License" in texts


def test_what_is_installed_brings_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license-files"] == ["LICENSE", "hostup_mcp/server/panel/LICENSES.txt"]
    assert all((ROOT / file).is_file() for file in project["license-files"])
