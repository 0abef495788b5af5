"""Who holds a lease: names of processes, and whether one is gone.

A process that was killed leaves its leases behind. They expire by themselves, but nobody
on the same machine has to wait for that: a dead process can be seen to be dead.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["in_words", "is_gone", "this_process"]

# Position of `starttime` in /proc/PID/stat after the command's closing bracket (proc(5):
# field 22, and the bracket closes field 2).
_STARTTIME_FIELD = 19


def this_process() -> str:
    """A name no other process ever has: machine, pid namespace, pid, start time."""
    return f"{os.uname().nodename}/{_namespace()}/{os.getpid()}/{_started(os.getpid())}"


def in_words(owner: str) -> str:
    """A name by `this_process`, for people."""
    place, _, _ = owner.rpartition("/")
    machine, _, pid = place.rpartition("/")
    return f"process {pid} on {machine.split('/', 1)[0]}" if place else owner


def is_gone(owner: str) -> bool:
    """Whether a process of this machine is known to have ended.

    Args:
        owner: A name by `this_process`.

    Returns:
        False for processes elsewhere, and where it cannot be told.
    """
    place, _, rest = owner.rpartition("/")
    machine, _, pid = place.rpartition("/")
    if machine != f"{os.uname().nodename}/{_namespace()}" or not pid.isdecimal() or not rest:
        return False
    return _started(int(pid)) != rest


def _namespace() -> str:
    try:
        return Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return "-"


def _started(pid: int) -> str:
    """When a process began, in clock ticks since boot; "" if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[_STARTTIME_FIELD]
