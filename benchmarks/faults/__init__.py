"""A black-box test of the product's safety promises, with an account that fails at random.

No write without the user's yes, no write sent twice, no wrong claim about what was done.
"""

import sys
from pathlib import Path

# For the helpers in tests/support that start the product.
sys.path.append(str(Path(__file__).parents[2] / "tests"))
