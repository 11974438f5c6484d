#!/usr/bin/env python3
"""gpu_model.py PROGRAM: the tables of docs/performance.md about GPUs, from `PROGRAM bench --count` and the constants below.

A model: nothing in it was measured on a GPU by this project.
"""
import math
import subprocess
import sys

# H100 SXM, as its maker states them: operations a second without sparsity, bytes a second of its memory.
PEAK = {"bf16": 989e12, "tf32": 495e12, "fp32": 67e12}
MEMORY = 3.35e12

# Assumed: a picture of dcgan64 in a full GPU takes so many times its floor, and a step at least so many microseconds, as one graph.
TIMES_FLOOR = 1.5
STEP_AT_LEAST = 500.0
MODES = ["fp32", "tf32, columns in memory", "tf32"]  # bf16 with float32 activations is bound by the same bytes as TF32
FORWARD_BACKWARD_REAL, FAKE_BACKWARD = 0.28, 0.28 * 0.66 * 0.72  # of the step: what G's and D's exchange can hide behind
SLOWER = 1.03  # of the computation, while NCCL uses some of the GPU
BATCH_NORM_MESSAGES = 3 * 3 + 4 + 3 + 3 + 4  # forward: D three times, G once; backward: D's two passes together, D, G
PIECES = 4  # in which gradients go between batch norm's sums
FIRST_BUCKET = 4.0 * (2097152 + 8192)  # bytes of D's last two layers, whose gradients are ready first

# NCCL's cost model (src/graph/tuning.cc, 2.30.7): microseconds; bus bandwidth in GB/s as measured on 8 H100 and 8 x NDR400 a node.
BASE = {"tree": {"LL": 6.8, "LL128": 14.0, "Simple": 8.4}, "ring": {"LL": 6.6, "LL128": 14.0, "Simple": 8.4}}
NVLINK = {"tree": {"LL": 0.6, "LL128": 1.25, "Simple": 4.0}, "ring": {"LL": 0.6, "LL128": 1.9, "Simple": 3.4}}
NETWORK = {"tree": {"LL": 5.0, "LL128": 8.5, "Simple": 14.0}, "ring": {"LL": 2.7, "LL128": 4.0, "Simple": 14.0}}
TREE_SHARE = {  # of the bandwidth, by log2(bytes / 64)
    "LL": [1, 1, 1, 1, 0.9, 0.8, 0.7, 0.7, 0.7, 0.7, 0.6, 0.5, 0.4, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1, 1, 1],
    "LL128": [1, 1, 1, 1, 1, 0.9, 0.8, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.8, 0.9, 0.9, 0.9, 0.9, 1, 1],
    "Simple": [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.5, 0.5, 0.5, 0.6, 0.7, 0.8, 0.7, 0.7, 0.8, 0.9, 0.9],
}
NODE, BUS, NVLS = 8, 370.0, 480.0


def latency(algorithm, protocol, nodes):
    hops = int(math.log2(nodes))
    if algorithm == "nvls":
        return 25.0 + 2 * hops * 20.9
    base, link, net = (table[algorithm][protocol] for table in (BASE, NVLINK, NETWORK))
    if algorithm == "tree":
        return base + 2 * ((NODE - 1) * link + hops * net)
    steps, between = 2 * (nodes * NODE - 1), 2 * (nodes - 1)
    if nodes > 1:
        link = max(link, 3.0 if protocol == "Simple" else 1.0)
    return (base + (steps - between) * link + between * net) * (1.4 if protocol == "Simple" and nodes > 1 else 1)


def bandwidth(algorithm, protocol, nodes, size):
    """GB/s of the whole exchange."""
    ranks = nodes * NODE
    share = ranks / (2 * (ranks - 1))
    slow = 141.0 if nodes == 1 else 45.0 if nodes == 2 else 35.0
    if algorithm == "nvls":
        return (NVLS if nodes == 1 else 400.0 if nodes == 2 else 360.0) * share
    if algorithm == "ring":
        return {"LL": min(BUS * 0.5, slow), "LL128": BUS * 0.92, "Simple": BUS}[protocol] * share
    tree = BUS * 0.92
    table = TREE_SHARE[protocol]
    at = int(math.log2(max(size, 64) / 64))
    rate = {"LL": min(tree / 3.8, slow), "LL128": tree * (7 / 9 if nodes == 1 else 120 / 128), "Simple": tree}[protocol]
    return rate * 0.5 * (table[at] if at < len(table) else 1)


def exchange(size, gpus):
    """Microseconds of an all-reduce; between nodes what was published is 1.5 to 2 times the model."""
    if gpus == 1:
        return 0.0
    nodes = gpus // NODE
    ways = [(a, p) for a in ("ring", "tree") for p in ("LL", "LL128", "Simple")] + [("nvls", "Simple")]
    best = min(latency(a, p, nodes) + size / (1000 * bandwidth(a, p, nodes, size)) for a, p in ways)
    return best * (1.0 if nodes == 1 else 1.5 if nodes <= 8 else 2.0)


def count(program, preset, *words):
    """The rows of `bench --count`, and what stands below them."""
    lines = subprocess.run([program, "bench", "--count", "--preset", preset, *words], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    rows = {line[:22].strip(): [float(word) for word in line[22:].split()] for line in lines if line[22:].split()[3:]
            and line[22:].split()[0].replace(".", "").isdigit() and len(line[22:].split()) == 4}
    rest = {line[:22].strip(): line[22:].split() for line in lines}
    return {"rows": rows, "pictures": int(lines[0].split(" shards of ")[1].split()[0]), "GFLOP": float(rest["a picture"][0]),
            "MB": float(rest["a picture"][3]), "columns": float(rest["columns"][0]),
            "sent": {net: float(rest[net][-2]) for net in ("G", "D")}}


def table(heads, rows):
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def presets_table(program):
    names = [line.split()[0] for line in
             subprocess.run([program, "presets"], check=True, capture_output=True, text=True).stdout.splitlines()]
    rows = []
    for name in names:
        c = count(program, name, "--shards", "1")
        total, adam = c["rows"]["total"], c["rows"]["Adam"]
        rows.append([f"`{name}`", str(c["pictures"]), f"{c['GFLOP']:.4f}", f"{total[1]:.1f}", f"{total[2] + total[3]:.0f}",
                     f"{adam[2] + adam[3]:.1f}", f"{2 * c['columns']:.0f}", f"{total[0]:.0f}",
                     f"{c['sent']['D']:.2f}, {c['sent']['G']:.2f}"])
    table(["Preset", "batch", "GFLOP a picture", "GFLOP a step", "MB a step", "of which Adam", "columns, if in memory", "calls",
           "MB exchanged, D, G"], rows)


def device_rows(c):
    return [row for name, row in c["rows"].items() if name not in ("total", "upload")]


def picture_floor(c, precision, columns):
    """Microseconds: each row of the count is bound by its operations or its bytes."""
    seconds = sum(max(row[1] * 1e9 / PEAK[precision], (row[2] + row[3]) * 1e6 / MEMORY) for row in device_rows(c))
    return 1e6 * (seconds + (2e6 * c["columns"] / MEMORY if columns else 0)) / c["pictures"]


def floor_table(c):
    rows = []
    for precision in ("fp32", "tf32", "bf16"):
        kinds, n = device_rows(c), c["pictures"]
        flops = sum(row[1] for row in kinds) * 1e9 / PEAK[precision]
        size = sum(row[2] + row[3] for row in kinds) * 1e6 / MEMORY
        both = picture_floor(c, precision, False)
        rows.append([precision, f"{1e6 * flops / n:.1f}", f"{1e6 * size / n:.1f}", f"{both:.1f}",
                     f"{picture_floor(c, precision, True):.1f}", f"{1000 / both:.0f} thousand"])
    table(["Precision", "operations alone", "bytes alone", "floor", "with columns in memory", "images/s at the floor"], rows)


def step_time(c, mode, local, gpus, batch_norm):
    pictures = local * TIMES_FLOOR * picture_floor(c, mode[:4], mode.endswith("memory"))
    compute = max(STEP_AT_LEAST, pictures) + 0.15 * min(STEP_AT_LEAST, pictures)
    adam = sum(5 + 28e6 * c["sent"][net] / 4 / 2.6e6 for net in ("G", "D"))
    if gpus == 1:
        return compute + adam
    # A communicator's calls run in order: with batch norm's sums among them gradients go in pieces, each behind a part of the layers.
    d_size, g_size = 1e6 * c["sent"]["D"], 1e6 * c["sent"]["G"]
    late_d = exchange(d_size - FIRST_BUCKET, gpus)
    if batch_norm:
        late_g = PIECES * max(0.0, exchange(g_size / PIECES, gpus) - FORWARD_BACKWARD_REAL * compute / PIECES)
        behind = PIECES - 1  # of D's first bucket: two sums follow; the fourth piece, small, is sent with the rest
        late_d += behind * max(0.0, exchange(d_size / PIECES, gpus) - FAKE_BACKWARD * compute / behind)
        late_d += exchange(FIRST_BUCKET - behind * d_size / PIECES, gpus)
    else:
        late_g = max(0.0, exchange(g_size, gpus) - FORWARD_BACKWARD_REAL * compute)
        late_d += max(0.0, exchange(FIRST_BUCKET, gpus) - FAKE_BACKWARD * compute)
    messages = BATCH_NORM_MESSAGES * exchange(8192, gpus) if batch_norm else 0.0
    return (compute + adam) * SLOWER + late_g + late_d + messages


def rate(images):
    return f"{images / 1e6:.2f} M" if images >= 1e6 else f"{images / 1e3:.0f} k"


def weak_table(c, batch_norm):
    gpus = (1, 8, 64, 1024)
    rows = []
    for local in (128, 512):
        for mode in MODES:
            one = local / step_time(c, mode, local, 1, False)
            row = [str(local), mode]
            for n in gpus:
                us = step_time(c, mode, local, n, batch_norm)
                share = "" if n == 1 else f" ({100 * local / us / one:.0f} %)"
                row.append(f"{us / 1000:.2f} ms, {rate(1e6 * n * local / us)}{share}")
            rows.append(row)
    table(["local batch", "mode"] + [f"{n} GPU{'s' if n > 1 else ''}" for n in gpus], rows)


def strong_table(c):
    rows = []
    for batch in (128, 1024, 8192):
        one = step_time(c, "tf32, columns in memory", batch, 1, False)
        row = [str(batch)]
        for n in (8, 64, 1024):
            us = step_time(c, "tf32, columns in memory", batch / n, n, False) if batch >= n else 0
            row.append(f"{one / us:.1f}" if us else "")
        rows.append(row)
    table(["global batch", "8 GPUs", "64", "1024"], rows)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = sys.argv[1]
    c = count(program, "dcgan64", "--batch", "128", "--shards", "1")
    print("Counted:\n")
    presets_table(program)
    print("Floor of dcgan64 on an H100, batch 128, microseconds a picture:\n")
    floor_table(c)
    print("All-reduce, microseconds:\n")
    sizes = [("batch norm's sums", 8192.0), ("D's rest", 1e6 * c["sent"]["D"] - FIRST_BUCKET), ("D's first", FIRST_BUCKET),
             ("G", 1e6 * c["sent"]["G"])]
    table(["bytes", "8 GPUs", "64", "1024"],
          [[f"{name}, {size / 1e6:.3f} MB"] + [f"{exchange(size, n):.0f}" for n in (8, 64, 1024)] for name, size in sizes])
    print("Weak scaling, bn = shard:\n")
    weak_table(c, False)
    print("Weak scaling, bn = global:\n")
    weak_table(c, True)
    print("Strong scaling, times as fast as one GPU, tf32, columns in memory:\n")
    strong_table(c)


main()
