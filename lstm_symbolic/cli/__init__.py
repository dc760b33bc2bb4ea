"""The command line ``lstm-symbolic``: exit status 0 (nothing wrong), 1 (something is wrong), 2 (bad input).

Bad input gets one message on standard error and never a traceback; a reader that closes the pipe early changes neither the work nor the
status.
"""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Sequence

from ..errors import LstmSymbolicError, RepairWarning
from .arguments import parser
from .output import complain, streams, writable

__all__ = ["main", "parser"]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and returns the exit status."""
    streams()
    args = parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", RepairWarning)
            warnings.showwarning = lambda message, *rest: complain(f"warning: {message}")
            for name in ("output", "certificate"):
                if (path := getattr(args, name, None)) is not None:
                    writable(path)
            return int(args.run(args))
    except LstmSymbolicError as error:
        message = error.render()
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except Exception as error:
        if os.environ.get("LSTM_SYMBOLIC_DEBUG"):
            traceback.print_exc()
        message = f"internal error ({type(error).__name__}: {error}); LSTM_SYMBOLIC_DEBUG=1 shows where, please report it"
    complain(message)
    return 2
