"""Kernel calls on several threads, where two of Numba's thread layers end the process.

Its own work queue aborts when two Python threads call it at a time: calls wait for each other here. GNU's OpenMP
aborts in a process that was forked from one that had used it: such a process plays on one thread. Results are the
same bit for bit, since chunks of copies never depend on who plays them.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Callable

import numba

logger = logging.getLogger("coopetition")


class Turns:
    """Who may use Numba's threads, and whether this process may at all."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forked = False
        self._said = False

    def say_forked(self) -> None:
        """Say, once in a process, that it plays on one thread."""
        if not self._said:
            self._said = True
            logger.warning(
                "this process was forked from one that had used Numba's threads: it steps on one thread. Workers that "
                "are started with 'spawn' or 'forkserver' have threads of their own"
            )

    def after_fork(self) -> None:
        """Called in a child process: its parent's threads are not there, and a lock they held is never released."""
        self.lock = threading.Lock()
        try:
            numba.threading_layer()
        except ValueError:  # the parent had not used them
            return
        self.forked = True


TURNS = Turns()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=TURNS.after_fork)


def in_turn(many: Callable[[int], int], one: Callable[[], Callable[[int], int]]) -> Callable[[int], int]:
    """A kernel on threads that other threads of Python, and forked processes, can call.

    Parameters
    ----------
    many : callable
        The kernel on threads.
    one : callable
        Gives the kernel on one thread, if it is needed.
    """

    def advance(descriptor: int) -> int:
        if TURNS.forked:
            return alone()(descriptor)
        with TURNS.lock:
            return many(descriptor)

    @functools.cache
    def alone() -> Callable[[int], int]:
        TURNS.say_forked()
        return one()

    return advance
