"""Memory: what Python's collector and the C library are told, so that a process stays small and never pauses."""

import contextlib
import ctypes
import gc

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # <malloc.h> of glibc, mallopt(3)
LARGE = 1024 * 1024  # bytes
ARENAS = 2


def begin() -> None:
    """Before anything is built.

    The collector would look half a second for garbage where there is none. And glibc gives every thread a heap of its
    own, and once a large block (20 MiB to check a password) was given back keeps the next ones.
    """
    gc.disable()
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library has its own ways
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, ARENAS)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)


def keep_for_good() -> None:
    """Never look again through what stands now: answers, places and words, a million objects that stay.

    Python's collector would do so every ten seconds under load, and nobody is answered for a sixth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
