"""How busy each core is through the steps of a real run: the quickstart's, sampled twenty times a second.

python benchmarks/timeline.py --out timeline.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from setting import write

EVERY = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=6)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        stages = f"stages=[{{name: only, steps: {given.steps}}}]"
        code = "import sys; sys.argv[0] = 'prorl'; from prorl.cli.main import main; main()"
        words = ["train", "quickstart", stages, "evaluation=null", "checkpoint.every=1000", "--out", str(run)]
        process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.DEVNULL)
        seen, began = [], time.time()
        psutil.cpu_percent(percpu=True)
        ends: list[float] = []
        while process.poll() is None:
            time.sleep(EVERY)
            seen.append((time.time() - began, psutil.cpu_percent(percpu=True)))
            timings = run / "timings.jsonl"
            lines = len(timings.read_text().splitlines()) if timings.exists() else 0
            ends += [time.time() - began] * (lines - len(ends))
        assert process.returncode == 0
        steps = [json.loads(line) for line in (run / "timings.jsonl").read_text().splitlines()]
    spans = []
    for end, step in zip(ends, steps, strict=False):
        first = end - step["seconds"]
        middle = first + step["sample_seconds"]
        spans.append({"sample": [first, middle], "train": [middle, middle + step["train_seconds"]], "end": end})
    busy = {
        phase: [
            sum(cores) / len(cores) / 100
            for at, cores in seen
            if any(span[phase][0] + EVERY < at < span[phase][1] for span in spans[1:])
        ]
        for phase in ("sample", "train")
    }
    mean = {phase: sum(values) / len(values) for phase, values in busy.items()}
    print(mean)  # noqa: T201
    write(given.out, {"what": "timeline", "cores": seen, "spans": spans, "busy": mean})


if __name__ == "__main__":
    main()
