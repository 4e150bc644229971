"""Becomes another program that dies with the process that started it.

Run as a file: `python -I -S tether.py PARENT_PID PROGRAM ARGUMENT...`. It imports nothing of ours,
so that it costs milliseconds, and it needs no code between fork and exec in the parent.

Linux only; elsewhere it just becomes the program, and what a dead supervisor leaves is ended by
the next `up` or `down`. The kernel watches the *thread* that started the process, so the
supervisor starts parts from the thread that lives as long as itself.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CANNOT_START = 127


def main() -> None:
    """Ask the kernel for the signal, then become the program."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        # Not SIGTERM: a part that waits for an open connection before it ends would stay for ever.
        # All parts keep what they acknowledged through a kill.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that wanted this program has gone")
    try:
        os.execvp(command[0], command)  # noqa: S606  # becoming the program is the purpose
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(CANNOT_START)


if __name__ == "__main__":
    main()
