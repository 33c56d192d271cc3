"""Makes `benchmarks/` importable; it is not part of the package."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# A source distribution has the tests without the benchmarks.
collect_ignore_glob = [] if (ROOT / "benchmarks" / "faults").is_dir() else ["test_*.py"]

if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))
