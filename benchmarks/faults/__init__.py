"""A black-box test of the product's promise, against an account whose network fails at random.

No write without the user's yes, no write sent twice, no wrong claim about what was done.
"""

import sys
from pathlib import Path

# It starts and reaches the product as the tests do.
sys.path.append(str(Path(__file__).parents[2] / "tests"))
