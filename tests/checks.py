# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scripts that hold one part of the tree to another share: reading it, and saying what is wrong in TAP."""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(path):
    """A file of this tree, or the one at an absolute path."""
    with open(os.path.join(TOP, path), encoding='utf-8') as f:
        return f.read()


def printed(program, *argv):
    """What the program at this path prints, in English."""
    process = subprocess.run([program, *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                             text=True, check=False, env={**os.environ, 'LC_ALL': 'C.UTF-8', 'LANGUAGE': 'en'})
    return process.stdout


def title(check):
    """check_that() is called "that"."""
    return check.__name__.removeprefix('check_')


def report(results):
    """results: names, each with what was found. Ends the program, as failed where anything was."""
    print(f'1..{len(results)}')
    for number, (name, found) in enumerate(results, 1):
        print('not ok' if found else 'ok', number, name)
        for problem in found:
            print('#', problem)
    sys.exit(any(found for _, found in results))


def run(checks):
    """checks: functions that yield what they find."""
    report([(title(check), list(check())) for check in checks])
