"""Runs one pipeline and reports its seconds, and the peak memory and CPU time of each of its processes.

It is a separate program, run with -I -S and importing next to nothing: the kernel counts what a process had before its
exec into its peak, so nothing smaller than the program that starts it can be measured.

Usage: child.py LOG COMMAND [ARGUMENT ...] [| COMMAND [ARGUMENT ...]] ...

The commands' standard error and the last one's standard output go to the file LOG. Prints a line with the wall time in
seconds, then one for each process: its exit status, its peak resident set in bytes, and its CPU seconds with those of
its own children.
"""

import os
import sys
import time

_UNIT = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    """Run the pipeline that the command line names."""
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    commands: list[list[str]] = [[]]
    for word in sys.argv[2:]:
        if word == "|":
            commands.append([])
        else:
            commands[-1].append(word)
    source = os.open(os.devnull, os.O_RDONLY)
    processes = []
    started = time.monotonic()
    for number, command in enumerate(commands, 1):
        following, sink = (-1, log) if number == len(commands) else os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, source, 0),
            (os.POSIX_SPAWN_DUP2, sink, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
        ]
        processes.append(os.posix_spawn(command[0], command, os.environ, file_actions=actions))
        os.close(source)
        if sink != log:
            os.close(sink)
        source = following
    ended = [os.wait4(process, 0) for process in processes]
    print(time.monotonic() - started)
    for _, status, usage in ended:
        print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * _UNIT, usage.ru_utime + usage.ru_stime)


if __name__ == "__main__":
    main()
