"""The cases and the stored torch results of the calculus serve here too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "calculus"))
