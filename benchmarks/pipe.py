"""Many calls at once on one pipe: how long the last ones wait.

    python benchmarks/pipe.py [--calls 64] [--rounds 20]

Sends all calls of a round in one write to a session on the sandbox account, and prints the
milliseconds from then to the responses: the median and the 99th percentile over all rounds, and
their ratio. Beside it is a hello-world server of the same SDK, which reads nothing.
"""

import argparse
import json
import statistics
import subprocess
import time

from startup import SERVERS, request


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    print(f"{options.calls} calls at once, {options.rounds} rounds, ms")
    print(f"{'':14} {'p50':>8} {'p99':>8} {'ratio':>7}")
    for name, command in SERVERS.items():
        waited = session(command, options.calls, options.rounds)
        p50, p99 = statistics.median(waited), statistics.quantiles(waited, n=100)[98]
        print(f"{name:14} {p50:8.1f} {p99:8.1f} {p99 / p50:7.2f}")


def session(command: list[str], calls: int, rounds: int) -> list[float]:
    """The milliseconds that each call of a session took."""
    waited: list[float] = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for number in range(rounds + 1):
            lines = [request(n, "tools/call", name="list_vps", arguments={}) for n in range(calls)]
            began = time.perf_counter()
            child.stdin.write("".join(lines))
            child.stdin.flush()
            for _ in lines:
                assert "result" in json.loads(child.stdout.readline())
                if number:  # in the first round the server is still loading
                    waited.append((time.perf_counter() - began) * 1000)
        child.stdin.close()
        child.wait(30)
    return waited


if __name__ == "__main__":
    main()
