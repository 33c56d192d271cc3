"""`hostup-mcp setup`: the entry that adds the server to a client on this machine.

What is to be copied goes to stdout, everything about it to stderr.
"""

from __future__ import annotations

import argparse
import difflib
import getpass
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from hostup_mcp.cli.setup.clients import CLIENTS, Client, claude_desktop_log, find_client
from hostup_mcp.cli.setup.entries import KEY, SANDBOX, command_line, entry, shell_line
from hostup_mcp.cli.setup.files import FileError, describe_place, plan_change, write_change
from hostup_mcp.cli.setup.machine import Machine, System, this_machine
from hostup_mcp.hostup.address import KEYS_PAGE
from hostup_mcp.hostup.keys import is_unfilled, key_problem


def setup(arguments: argparse.Namespace) -> int:
    """Print what adds the server to a client, or write it there, and return the exit code."""
    machine = this_machine()
    if arguments.client is None:
        if arguments.write:
            return _fail("--write needs a client: hostup-mcp setup CLIENT --write.")
        return _list(machine)
    client = find_client(arguments.client)
    if client is None:
        known = ", ".join(client.word for client in CLIENTS)
        return _fail(f"That client is not known here; known are {known}.")
    if not arguments.write:
        return _print(client, machine, SANDBOX if arguments.sandbox else KEY)
    return _write(client, machine, sandbox=bool(arguments.sandbox))


def _list(machine: Machine) -> int:
    width = max(len(client.word) for client in CLIENTS)
    for client in CLIENTS:
        place = describe_place(client.file(machine), machine.home)
        how = " (also --write)" if client.can_write else ""
        _say(f"{client.word:<{width}}  {place}{how}", to_copy=True)
    _say("\nhostup-mcp setup CLIENT prints what to add there.")
    return 0


def _print(client: Client, machine: Machine, env: Mapping[str, str]) -> int:
    """Print the command that adds the server or, where there is none, the entry for the file."""
    place = describe_place(client.file(machine), machine.home)
    line = command_line(client, machine, env)
    if line is not None:
        shell = "PowerShell" if machine.system is System.WINDOWS else "a terminal"
        _say(f"Run this in {shell}; {client.name} then keeps it in {place}:\n")
        _say(line, to_copy=True)
    else:
        _say(f"Put this into {place}. If the file has other servers, add only the inner entry:\n")
        _say(entry(client, machine, env), to_copy=True)
    has_key = "HOSTUP_API_KEY" in env
    asks_for_key = client.program == "code"
    steps = [client.then] if has_key or not asks_for_key else []
    if has_key and not asks_for_key:
        steps.insert(0, f"Put your key in the place of “{KEY['HOSTUP_API_KEY']}”: {KEYS_PAGE}")
    if client.can_write:
        more = [] if has_key else ["--sandbox"]
        words = [*machine.command, "setup", client.word, "--write", *more]
        steps.append(f"Or let this do it: {shell_line(words, machine)}")
    if client.name == "Claude Desktop":
        steps.append(f"Log: {describe_place(claude_desktop_log(machine), machine.home)}")
    if steps:
        _say("\n" + "\n".join(steps))
    return 0


def _write(client: Client, machine: Machine, *, sandbox: bool) -> int:
    if not client.can_write:
        return _fail(
            f"The entry of {client.name} is not written from here. "
            f"hostup-mcp setup {client.word} prints it."
        )
    if not sys.stdin.isatty():
        return _fail("--write asks you before it writes; run it in a terminal.")
    path = Path(client.file(machine))
    try:
        # Before the user is asked for anything: whether the file can be changed at all.
        plan_change(path, machine.command, SANDBOX)
        env = SANDBOX if sandbox else {"HOSTUP_API_KEY": _ask_for_key()}
        change = plan_change(path, machine.command, env)
        if change.before == change.after:
            _say(f"{change.path} has this entry already; nothing was changed.")
            return 0
        _say(f"In {change.path}, everything else stays as it is:\n")
        _say(_difference(change.shown_before, change.shown_after))
        if _ask("\nWrite this? [y/N] ").lower() not in ("y", "yes"):
            return _fail("Nothing was written.")
        backup = write_change(change, datetime.now())
    except FileError as error:
        _say(f"hostup-mcp: {error} Nothing was changed. This is the entry, to be added by hand:\n")
        _say(entry(client, machine, SANDBOX if sandbox else KEY), to_copy=True)
        return 1
    except _InputError as error:
        return _fail(f"{error} Nothing was changed.")
    _say(f"\nWritten.{f' What was there before: {backup}' if backup else ''}\n{client.then}")
    if client.name == "Claude Desktop":
        _say(f"Log: {describe_place(claude_desktop_log(machine), machine.home)}")
    return 0


class _InputError(Exception):
    """What was typed cannot be used; the message is one line that says why."""


def _ask_for_key() -> str:
    try:
        key = getpass.getpass(f"Your HostUp API key, from {KEYS_PAGE} (it is not shown): ").strip()
    except EOFError:
        raise _InputError("No key was typed.") from None
    if not key:
        raise _InputError("No key was typed.")
    if is_unfilled(key) or (problem := key_problem(key)) is not None:
        raise _InputError("That is a placeholder." if is_unfilled(key) else problem or "")
    return key


def _ask(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        return ""


def _difference(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=9, lineterm="")
    # The first three lines name files and places, which are not those of the file.
    return "\n".join([*lines][3:])


def _say(text: str, *, to_copy: bool = False) -> None:
    print(text, file=sys.stdout if to_copy else sys.stderr, flush=True)


def _fail(problem: str) -> int:
    _say(f"hostup-mcp: {problem}")
    return 1
