"""``python -m lstm_symbolic`` is the command ``lstm-symbolic``."""

import sys

from .cli import main

sys.exit(main())
