"""What a user names on the command line: a file, standard input, a cell, or a formula."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from ..errors import LstmSymbolicError

STDIN = "-"
_FILE = re.compile(r"[\w./~ -]+\.[A-Za-z][a-z0-9]{1,7}")


def opened(path: str) -> Any:
    """Standard input becomes a document of its own."""
    if path != STDIN:
        return path
    from ..reading import Source
    from ..reading.source import decode, read_all

    return Source(STDIN, decode(read_all(sys.stdin.buffer, STDIN), STDIN))


def json_of(path: str) -> Any:
    """What a JSON file or standard input holds."""
    try:
        return json.loads((sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()).decode("utf-8-sig"))
    except FileNotFoundError:
        raise LstmSymbolicError(f"{path} does not exist") from None
    except (ValueError, RecursionError) as error:
        raise LstmSymbolicError(f"{path} is malformed, no JSON: {error}") from None


def path_or_text(text: str) -> str | Path:
    """What a user types as A or B: a file where one exists (``notes.md#s2`` is a system of one), else a formula or the name of a cell.

    No formula ends like the name of a file: there the user meant one, and hears that it is missing.
    """
    try:
        if (Path(text).exists() and not Path(text).is_dir()) or Path(text.rpartition("#")[0]).is_file():
            return Path(text)
        if text.endswith(("/", ".")) and Path(text).is_dir():
            raise LstmSymbolicError(f"{text} is a folder", hint="name one document in it; check reads folders")
        if _FILE.fullmatch(text.partition("#")[0]):
            raise LstmSymbolicError(f"{text.partition('#')[0]} does not exist")
    except (OSError, ValueError):
        pass
    return text
