#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs a host to be watched: CPU time of the agent, the engine, and what the agent has started beside the nodes.

For a lab machine with ten nodes whose agent is enrolled (README.md). The same seconds are measured without the agent, and taken
off; what remains is its share, in percent of one core.
usage: collection.py [--seconds 120] [--rounds 2]
"""
import argparse
import glob
import statistics
import subprocess
import time

SLICE = "/sys/fs/cgroup/system.slice/"
PARTS = {"agent": "mclient.service", "docker": "docker.service", "containerd": "containerd.service", "nodes": "docker-*.scope"}


def usage_usec(pattern):
    total = 0
    for path in glob.glob(SLICE + pattern + "/cpu.stat"):
        with open(path, encoding="ascii") as f:
            total += int(f.readline().split()[1])
    return total


def shares(seconds):
    """Percent of a core that each part takes over so many seconds."""
    before, begun = {k: usage_usec(p) for k, p in PARTS.items()}, time.monotonic()
    time.sleep(seconds)  # that is the measurement
    elapsed = time.monotonic() - begun
    return {k: (usage_usec(p) - before[k]) / elapsed / 1e4 for k, p in PARTS.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    found = {k: [] for k in PARTS}
    for _ in range(args.rounds):
        subprocess.run(["systemctl", "start", "mclient.service"], check=True)
        time.sleep(20)  # the first samples and looks are over
        with_agent = shares(args.seconds)
        subprocess.run(["systemctl", "stop", "mclient.service"], check=True)
        without = shares(args.seconds)
        for k in PARTS:
            found[k].append(with_agent[k] - (0 if k == "agent" else without[k]))
    subprocess.run(["systemctl", "start", "mclient.service"], check=True)
    medians = {k: statistics.median(v) for k, v in found.items()}
    print(f"{len(glob.glob(SLICE + PARTS['nodes']))} containers: {sum(medians.values()):.2f} % of a core "
          f"({', '.join(f'{k} {v:.2f}' for k, v in medians.items())})")


if __name__ == "__main__":
    main()
