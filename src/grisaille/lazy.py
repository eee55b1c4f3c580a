"""pandas, imported at its first use, which saves `kedro registry list` half a second.

Signatures may name it: annotations of the modules that import it from here are evaluated only when a run begins.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = lazy_loader.load("pandas")

__all__ = ["pd"]
