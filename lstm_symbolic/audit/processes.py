"""Work on many items at the same time, in order."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from ..errors import LstmSymbolicError

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def mapped(work: Callable[[_In], _Out], items: Sequence[_In], jobs: int) -> Iterator[_Out]:
    """``map`` over several processes, in order. An interrupt from the terminal ends them at once."""
    if jobs == 1 or len(items) < 2:
        yield from map(work, items)
        return
    try:
        with ProcessPoolExecutor(min(jobs, len(items)), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_DFL)) as pool:
            yield from pool.map(work, items, chunksize=1 + len(items) // (8 * jobs))
    except BrokenProcessPool:
        raise LstmSymbolicError("a process was ended from outside", hint="is there too little memory? try --jobs 1") from None
