"""Confines itself, then becomes the command that it was given; Linux only, and a program of its own.

::

    python -I -S confine.py RULES COMMAND ARGUMENT…

``RULES`` is a JSON object of lists of paths: ``read`` (files, and directories with all below them), ``write``
(the same, to be changed) and ``execute``. What is not listed cannot be opened, changed or run (Landlock).
With ``parent``, a process, the command is killed when the thread of it that started this program ends; where
there is nothing else in ``RULES``, that is all that is done.
A filter of system calls (seccomp) refuses what has no path: sockets, new processes, signals to other
processes, looks into their memory, changes of owners, modes, times and attributes of files, namespaces. All
capabilities are given up, also those of root. Nothing of it can be undone by the command. What cannot be
put in force ends this program with :data:`REFUSED`, and the command is not run.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import resource
import signal
import struct
import sys
from typing import Final, NoReturn

REFUSED: Final = 125
"""The exit status where the command was not run."""

FILE_SIZE_LIMIT: Final = 4 << 30
"""Bytes that one file may grow to."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 22, 24, 38, 47
_SECCOMP_MODE_FILTER, _CAP_AMBIENT_CLEAR_ALL = 2, 4
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION, _RULE_PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_TRUNCATE = 1 << 14
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many of the file system's rights each version of Landlock knows; later ones know 16."""
_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE
"""No links, devices, pipes or sockets are made: who reads the directory later finds plain files."""

_THREAD: Final = 0x00010000
"""``CLONE_THREAD``: what tells a new thread from a new process."""

_COMMON = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "pidfd_open": 434,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
    "file_setattr": 469,
}
"""System calls that have one number everywhere."""

# fmt: off
_X86_64 = {
    "shmget": 29, "shmat": 30, "shmctl": 31, "socket": 41, "fork": 57, "vfork": 58, "semget": 64,
    "msgget": 68, "truncate": 76, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94,
    "ptrace": 101, "rt_sigqueueinfo": 129, "utime": 132, "setpriority": 141, "pivot_root": 155,
    "chroot": 161, "mount": 165, "umount2": 166, "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190,
    "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199, "tkill": 200, "utimes": 235,
    "mq_open": 240, "add_key": 248, "request_key": 249, "keyctl": 250, "fchownat": 260, "futimesat": 261,
    "fchmodat": 268, "unshare": 272, "utimensat": 280, "rt_tgsigqueueinfo": 297, "perf_event_open": 298,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "bpf": 321, "userfaultfd": 323,
}
_AARCH64 = {
    "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15,
    "fremovexattr": 16, "umount2": 39, "mount": 40, "pivot_root": 41, "truncate": 45, "chroot": 51,
    "fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55, "utimensat": 88, "unshare": 97,
    "ptrace": 117, "tkill": 130, "rt_sigqueueinfo": 138, "setpriority": 140, "mq_open": 180, "msgget": 186,
    "semget": 190, "shmget": 194, "shmctl": 195, "shmat": 196, "socket": 198, "add_key": 217,
    "request_key": 218, "keyctl": 219, "rt_tgsigqueueinfo": 240, "perf_event_open": 241,
    "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270,
    "process_vm_writev": 271, "bpf": 280, "userfaultfd": 282,
}
# fmt: on
_MACHINES = {  # AUDIT_ARCH, refused calls, and those of which an argument decides
    "x86_64": (0xC000003E, _X86_64 | _COMMON, {"clone": 56, "kill": 62, "prctl": 157, "tgkill": 234}),
    "aarch64": (0xC00000B7, _AARCH64 | _COMMON, {"clone": 220, "kill": 129, "prctl": 167, "tgkill": 131}),
}
_CLONE3: Final = 435
_OTHER_ABI: Final = 0x40000000
"""Bit of the x32 calls of x86-64, which would pass by the numbers above."""


def landlock_version() -> int:
    """Return the version of Landlock that the kernel has in force, 0 for none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None)
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)))


def has_filter() -> bool:
    """Say whether system calls can be filtered here: the machine is known, and the kernel does it."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return False
    return int(ctypes.CDLL(None).prctl(21, 0, 0, 0, 0)) >= 0  # PR_GET_SECCOMP


def stay_with(parent: int) -> None:
    """Have this process, and what it becomes, killed with the thread of ``parent`` that started it.

    Raises: OSError where ``parent`` is gone already.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0), "pdeathsig")
    if os.getppid() != parent:  # it ended before that was in force
        raise OSError(errno.ESRCH, f"process {parent}, which started this, is gone")


def confine(rules: dict[str, list[str]]) -> None:
    """Put the rules in force for this process and all that it becomes. Raises: OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, FILE_SIZE_LIMIT)):
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))
    _give_up_capabilities(libc)
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _restrict_files(libc, rules)
    _filter_calls(libc)


def _give_up_capabilities(libc: ctypes.CDLL) -> None:
    capability = 0
    while libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:  # refused to who has none to drop
        capability += 1
    libc.prctl(_PR_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("=Ii", 0x20080522, 0)  # version 3, this process
    _check(libc.capset(header, bytes(24)), "capset")


def _restrict_files(libc: ctypes.CDLL, rules: dict[str, list[str]]) -> None:
    version = landlock_version()
    if version < 1:
        raise OSError(errno.ENOSYS, "Landlock is not in force")
    files = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    ports = 0b11 if version >= 4 else 0  # TCP: bind, connect
    scoped = 0b11 if version >= 6 else 0  # abstract sockets, signals
    attributes = struct.pack("=QQQ", files, ports, scoped)
    size = ctypes.c_size_t(len(attributes))
    ruleset = _check(libc.syscall(_CREATE_RULESET, attributes, size, 0), "landlock_create_ruleset")
    for kind, rights in (("read", _READ), ("write", _WRITE), ("execute", _READ | _EXECUTE)):
        for path in rules[kind]:
            _allow(libc, ruleset, path, rights & files)
    _check(libc.syscall(_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(descriptor):  # noqa: PTH112 - of a descriptor
            rights &= _OF_A_FILE
        rule = struct.pack("=Qi", rights, descriptor)
        _check(libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0), f"landlock_add_rule {path}")
    finally:
        os.close(descriptor)


def _filter_calls(libc: ctypes.CDLL) -> None:
    program = b"".join(struct.pack("=HBBI", *instruction) for instruction in _program())
    buffer = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    _check(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, described, 0, 0), "seccomp")


def _program() -> list[tuple[int, int, int, int]]:
    """Return the filter: each instruction is its code, its two jumps and its operand."""
    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    number, machine, first_argument = 0, 4, 16
    allow, kill = (answer, 0, 0, 0x7FFF0000), (answer, 0, 0, 0x80000000)
    refuse, unknown = (answer, 0, 0, 0x00050000 | errno.EPERM), (answer, 0, 0, 0x00050000 | errno.ENOSYS)
    architecture, refused, looked_at = _MACHINES[platform.machine()]
    program = [
        (load, 0, 0, machine),
        (equal, 1, 0, architecture),
        kill,
        (load, 0, 0, number),
        (at_least, 0, 1, _OTHER_ABI),
        refuse,
        (
            equal,
            0,
            1,
            _CLONE3,
        ),  # its flags lie where no filter sees them; libc falls back on clone
        unknown,
    ]
    for call in refused.values():
        program += [(equal, 0, 1, call), refuse]
    program += [(equal, 0, 4, looked_at["clone"]), (load, 0, 0, first_argument)]
    program += [(any_bit, 0, 1, _THREAD), allow, refuse]
    for name in ("kill", "tgkill"):  # a process may end itself
        program += [(equal, 0, 4, looked_at[name]), (load, 0, 0, first_argument)]
        program += [(equal, 0, 1, os.getpid()), allow, refuse]
    program += [(equal, 0, 4, looked_at["prctl"]), (load, 0, 0, first_argument)]
    program += [(equal, 0, 1, _PR_SET_PDEATHSIG), refuse, allow]  # it does not outlive who started it
    return [*program, allow]


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _main() -> NoReturn:
    try:
        rules = json.loads(sys.argv[1])
        if "parent" in rules:
            stay_with(rules.pop("parent"))
        if rules:
            confine(rules)
        os.execv(sys.argv[2], sys.argv[2:])
    except (OSError, ValueError, KeyError) as error:
        os.write(2, f"not isolated, so not run: {error}\n".encode())
        os._exit(REFUSED)


if __name__ == "__main__":
    _main()
