"""The parent of the private server: starts the server, and stops it when the bot ends.

Run as a script, never imported: `python -I -S guard.py LOCK_FD SERVER ARGUMENT...`. Standard input is a pipe that the
bot holds open. The kernel closes the pipe when the bot ends, even by SIGKILL, and the guard stops the server at the
end of file. LOCK_FD, the lock on the data directory, goes to the server alone, so that the lock lives exactly as long
as the server. Few imports: the bot waits for this process to start.
"""

import os
import select
import signal
import sys

TYPE_CHECKING = False  # importing typing would take longer than all other imports
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

# The data is on disk, so a server stops at once; a server that takes longer hangs, and loses nothing if killed.
STOP_TIMEOUT_S = 3.0
PR_SET_PDEATHSIG = 1  # prctl(2)
STDIN = 0


def main() -> int:
    lock, command = int(sys.argv[1]), sys.argv[2:]
    os.umask(0o077)
    # Only the pipe stops the server: service managers signal a whole process group, and the bot still needs its store
    # during its shutdown. Handlers, since the server would inherit SIG_IGN.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(name, lambda *_: None)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    die_with_parent = prepare_to_die_with_parent()

    guard = os.getpid()
    server = os.fork()
    if server == 0:
        become(command, guard, die_with_parent)
    os.close(lock)

    while (status := ended(server)) is None:
        ready, _, _ = select.select([STDIN, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
        if STDIN in ready and not os.read(STDIN, 512):
            status = stop(server, woken)
            break
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code  # a shell's code for a signal


def become(command: list[str], guard: int, die_with_parent: "Callable[[], object]") -> "NoReturn":
    """Turn this forked process into the server; never returns."""
    try:
        die_with_parent()
        if os.getppid() != guard:  # the guard died before prctl
            os._exit(1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), STDIN)
        os.execv(command[0], command)  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.stderr.flush()
    finally:
        os._exit(127)


def prepare_to_die_with_parent() -> "Callable[[], object]":
    """Return a function after which the calling process gets SIGTERM when its parent dies; no-op outside Linux."""
    if sys.platform != "linux":
        return lambda: None
    import ctypes

    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def ended(server: int) -> int | None:
    done, status = os.waitpid(server, os.WNOHANG)
    return status if done else None


def stop(server: int, woken: int) -> int:
    """Send SIGTERM, after `STOP_TIMEOUT_S` SIGKILL, and return the server's wait status."""
    os.kill(server, signal.SIGTERM)
    while (status := ended(server)) is None:
        ready, _, _ = select.select([woken], [], [], STOP_TIMEOUT_S)
        if not ready:
            os.kill(server, signal.SIGKILL)
            return os.waitpid(server, 0)[1]
        os.read(woken, 512)
    return status


if __name__ == "__main__":
    sys.exit(main())
