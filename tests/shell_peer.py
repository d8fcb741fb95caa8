"""A real shell at a pseudo-terminal, to press <TAB> in."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 20.0

# Each shell is told to print its line at Ctrl-T, and to say that it is ready.
COMMANDS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "--interactive"],
}
# The pseudo-terminal becomes the one that controls the shell; fish ends without.
LAUNCH = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
SETUP = {
    "bash": r"""
bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; PS1='> '
show() { printf '\nLINE<%s>\n' "$READLINE_LINE"; }
bind -x '"\C-t": show'
eval "$(cnnviz completion bash)"
""",
    "zsh": r"""
PS1='> '; unsetopt zle_bracketed_paste beep; autoload -Uz compinit && compinit -D -u
show() { print -r -- $'\n'"LINE<$BUFFER>" }
zle -N show; bindkey '^T' show
eval "$(cnnviz completion zsh)"
""",
    "fish": r"""
function fish_prompt; echo '> '; end
function show; printf '\nLINE<%s>\n' (commandline); end
bind \ct show
cnnviz completion fish | source
""",
}


class Shell:
    """An interactive shell in a folder, with `cnnviz` on its path and its completion installed."""

    def __init__(self, name: str, folder: Path) -> None:
        programs = folder.parent / f"{folder.name}-bin"
        programs.mkdir(exist_ok=True)
        program = programs / "cnnviz"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cnnviz "$@"\n')
        program.chmod(0o755)
        path = os.pathsep.join([str(programs), os.path.dirname(shutil.which("sh") or "/bin/sh"),
                                os.environ.get("PATH", "")])  # fmt: skip
        environ = {"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder), "TERM": "xterm",
                   "LANG": "C.UTF-8", "SHELL": name}  # fmt: skip
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *COMMANDS[name]],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=environ,
        )
        os.close(slave)
        setup = programs / f"setup.{name}"
        setup.write_text(SETUP[name])
        self.send(f"source {setup}; echo READ''Y\r")
        self.wait("READY")

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def send(self, keys: str) -> None:
        """Press keys."""
        os.write(self.master, keys.encode())

    def wait(self, pattern: str) -> re.Match[str]:
        """Return what the shell printed, once it matches."""
        seen, end = "", time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                seen += os.read(self.master, 65536).decode("utf-8", "replace")
                if "\x1b[c" in seen or "\x1b[0c" in seen:  # fish asks what terminal this is
                    seen = re.sub(r"\x1b\[0?c", "", seen)
                    self.send("\x1b[?62;c")
            if match := re.search(pattern, seen):
                return match
        raise AssertionError(f"no {pattern!r} in {seen!r}")

    def complete(self, typed: str) -> str:
        """Return the line after `typed` and a <TAB>."""
        self.send(f"{typed}\t")
        time.sleep(0.05)
        self.send("\x14")
        line = self.wait(r"LINE<([^>]*)>")[1]
        self.send("\x05\x15")
        return line
