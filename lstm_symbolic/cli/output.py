"""What leaves the command line: text to a file or to standard output, one message at a time to standard error."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ..errors import LstmSymbolicError


def writable(path: Path) -> None:
    """Where a file cannot be written, its name is said before the work and not after it."""
    if path.is_dir():
        raise LstmSymbolicError(f"{path} is a folder", hint="name a file")
    if not path.parent.is_dir():
        raise LstmSymbolicError(f"{path} cannot be written: {path.parent} {'is no folder' if path.parent.exists() else 'does not exist'}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise LstmSymbolicError(f"{path} cannot be written: permission denied")


def streams() -> None:
    """A stream that was closed before we began is an empty one, and what the terminal cannot show is escaped."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def json_text(data: Any) -> str:
    return json.dumps(data, indent=1)


def emit(text: str, output: Path | None = None) -> None:
    """To the file, or to standard output; a closed pipe only ends the printing."""
    text = text if text.endswith("\n") or not text else text + "\n"
    if output is not None:
        output.write_text(text, encoding="utf-8")
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise LstmSymbolicError(f"standard output cannot be written: {error.strerror}") from None


def complain(message: str) -> None:
    """One message on standard error; what it quotes from a document cannot reach the terminal unfiltered."""
    from ..audit.terminal import printable

    print(f"lstm-symbolic: {printable(message)}", file=sys.stderr)
