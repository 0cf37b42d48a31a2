"""A thread that can write to no file but those of one folder: the system's own lock behind what the engine promises.

Linux has Landlock for that (since 5.13): a thread gives up rights for itself and for every thread that it starts, so
for those of DuckDB as well, and never gets them back. The rest of the process is not touched. Where the system has
nothing of the kind, the thread is as any other, and what may be asked rests on the engine alone.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# See include/uapi/linux/landlock.h; the calls have these numbers on every architecture that has wheels of DuckDB.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
"""PR_SET_NO_NEW_PRIVS of prctl, which who is not root must set first; it holds for the thread."""
_WRITES = sum(1 << right for right in (1, *range(4, 13)))
"""To write, remove and make files, folders, links, devices, sockets and pipes; to read stays."""
_SINCE = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Rights that came with later versions: to move between folders, to truncate, to command a device."""
_NETWORK = 0b11
"""To listen and to connect by TCP, since version 4."""


def confined(folder: Path | None) -> ThreadPoolExecutor:
    """One thread, which writes nowhere but in a folder that exists; None: nowhere at all."""
    return ThreadPoolExecutor(1, thread_name_prefix="confined", initializer=confine, initargs=(folder,))


def confine(folder: Path | None) -> bool:
    """Confine the thread that calls; whether the system could."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    rights = _WRITES | sum(right for since, right in _SINCE.items() if version >= since)
    handled = struct.pack("=QQ", rights, _NETWORK) if version >= 4 else struct.pack("=Q", rights)
    rules = libc.syscall(_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0)
    if rules < 0:
        return False
    try:
        if folder is not None:
            allowed = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", rights, allowed)
                if libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0) != 0:
                    return False
            finally:
                os.close(allowed)
        libc.prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
        return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)
