"""Namespaces and a root folder of a program's own; for the launcher, standard library only. Linux.

`separate` is called by the launcher: from then on it is in a user namespace, in which it is the
user it was. `leave_network` and `enter_view` are called by its child, which becomes the program.
A view is a new root folder that holds what the program was given, read-only but for its work
folder; everything else is not there. Raises OSError with what could not be done.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Any

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}
SYS_MOUNT_SETATTR = 442
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = 1, 2
SIOCSIFFLAGS, IFF_UP, AF_INET, SOCK_DGRAM = 0x8914, 1, 2, 2

SYSTEM: tuple[str, ...] = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/sys",
)
SYSTEM += ("/nix/store", "/gnu/store", "/run/opengl-driver")
ETC: tuple[str, ...] = (
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "passwd",
    "group",
    "nsswitch.conf",
    "localtime",
)
ETC += ("alternatives", "fonts", "OpenCL", "vulkan", "glvnd", "os-release", "hosts", "locale.alias")
DEVICES = ("null", "zero", "full", "random", "urandom", "dri", "kfd", "dxg")
STANDARD_STREAMS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
EMPTY = "mode=755,size=16m"
MEMORY_FILES = "size=1g,nr_inodes=100k,mode=1777"  # of /dev/shm, which fills memory and not a disk

_libc = ctypes.CDLL(None, use_errno=True)


def separate(processes: bool) -> None:
    """Enter a user namespace; processes: children will be in a process namespace of their own."""
    user, group = os.geteuid(), os.getegid()
    flags = CLONE_NEWUSER | (CLONE_NEWPID if processes else 0)
    _check("user namespace", _libc.unshare(flags))
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def leave_network() -> None:
    """Enter namespaces without any network but a loopback, and without others' shared memory."""
    _check("network namespace", _libc.unshare(CLONE_NEWNET | CLONE_NEWIPC))
    loopback = _libc.socket(AF_INET, SOCK_DGRAM, 0)
    if loopback >= 0:
        _libc.ioctl(loopback, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        os.close(loopback)


def enter_view(view: dict[str, Any]) -> None:
    """Make the new root of what `view` lists, and move there for good.

    root: an empty folder to build it in; temporary: becomes /tmp; paths: [path, read | write |
    hide], a folder before what is in it, so that of two rules the deeper holds.
    """
    root = view["root"]
    _check("mount namespace", _libc.unshare(CLONE_NEWNS))
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, EMPTY)
    _system(root)
    _show(view["temporary"], root + "/tmp")
    for path, rule in view["paths"]:
        if rule != "hide":
            _show(path, root + path)
        elif os.path.isdir(root + path):
            _mount("tmpfs", root + path, "tmpfs", MS_NOSUID | MS_NODEV, EMPTY)
    for folder in ("/proc", "/dev/shm"):
        os.makedirs(root + folder, exist_ok=True)
    _attributes(root, AT_RECURSIVE, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0)
    for path in ["/tmp", *(path for path, rule in view["paths"] if rule == "write")]:
        _attributes(root + path, 0, 0, MOUNT_ATTR_RDONLY)
    _mount("proc", root + "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _mount("tmpfs", root + "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, MEMORY_FILES)
    _move_to(root)


def give_up_privileges() -> None:
    """Make sure that whatever is run now has no capability, and gains none by running others."""
    capability = 0
    while _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    _check("no new privileges", _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _system(root: str) -> None:
    """Put in what every program needs: libraries, interpreters, a few settings, plain devices."""
    for path in SYSTEM:
        if os.path.islink(path):
            os.symlink(os.readlink(path).lstrip("/"), root + path)  # in / itself
        elif os.path.isdir(path):
            _show(path, root + path)
    for path in [f"/etc/{name}" for name in ETC] + _devices():
        if os.path.exists(path):
            _show(path, root + path)
    for name, end in STANDARD_STREAMS.items():
        os.symlink(f"/proc/self/fd{end}", f"{root}/dev/{name}")


def _devices() -> list[str]:
    names = [name for name in os.listdir("/dev") if name in DEVICES or name.startswith("nvidia")]
    return [f"/dev/{name}" for name in names]


def _show(path: str, target: str) -> None:
    """Make a file or folder, whatever is mounted in it included, appear at `target`."""
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    _mount(path, target, None, MS_BIND | MS_REC)


def _attributes(path: str, flags: int, added: int, removed: int) -> None:
    """Change how a mount may be used; only the top one of what is mounted there, or all below."""
    attributes = struct.pack("QQQQ", added, removed, 0, 0)
    size = ctypes.c_size_t(len(attributes))
    done = _libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), flags, attributes, size)
    _check(f"access to {path}", done)


def _move_to(root: str) -> None:
    number = SYS_PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(f"new root: not known how on {platform.machine()}")
    os.chdir(root)
    _check("new root", _libc.syscall(number, b".", b"."))
    _check("old root", _libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    names = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    done = _libc.mount(*names, ctypes.c_ulong(flags), data.encode() or None)
    _check(f"mount of {target}", done)


def _check(what: str, result: int) -> None:
    if result != 0:
        raise OSError(f"{what}: {os.strerror(ctypes.get_errno())}")


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
