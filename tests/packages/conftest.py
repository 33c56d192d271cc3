"""The files of a release, built once."""

import subprocess
import sys
from pathlib import Path

import pytest

from .tools import ROOT


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the bundle, its hash, and the registry's entry that names the hash."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "packaging/bundle", "--out", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder
