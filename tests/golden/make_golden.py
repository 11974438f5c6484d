#!/usr/bin/env python3
"""Makes the golden values of test_golden.c with PyTorch: python3 make_golden.py [NAME ...] (default: all runs).

Needs PyTorch and numpy (Debian: python3-torch, python3-numpy); written with 1.13. Each NAME.txt holds what a run in
float64 gives, and after each value how far a sound single-precision run may be from it.

The tolerance is measured, not chosen. The same run is repeated in float32 with its batch in other orders (the same
sums, rounded otherwise) and its weights and noise changed by 2^-20 of their size, up or down; the tolerance is
SAFETY times the largest distance from the float64 run that any repetition had at this step or an earlier one (for
tensors: plus SAFETY times the root mean square distance of an element, times the square root of the count for sums).

It grows with the steps, and must: leaky ReLUs flip for values that rounding moves across zero, batch norm divides
by small deviations, and Adam makes the step of a weight whose gradient is nearly zero as large as any other's. With
the published learning rates a last-place change grows up to a hundredfold a step, so nobody's float32 run can be
held to 20 steps of them tightly: they are sharp for the first two or three. The runs named *-slow take smaller steps
and stay sharp. A flip is a matter of chance, which is why the changes are larger than one rounding error: what
another machine's rounding may do to a run has to happen in some repetition here.
"""
import pathlib
import sys

import numpy as np
import torch

import reference

HERE = pathlib.Path(__file__).parent
PRESETS = HERE.parent.parent / "src" / "config" / "presets"
SEED = 12345678901  # more than 32 bits
PICTURES = 256
STEPS = 20
SNAPSHOTS = (1, 2, STEPS)  # the state after these steps is summarised
SAFETY = 4
REPETITIONS = 6  # float32 runs
SLOW = ["generator.learning_rate=1e-5", "discriminator.learning_rate=1e-5", "generator.epsilon=1e-6",
        "discriminator.epsilon=1e-6"]
RUNS = {  # name: preset, batch, changed keys
    "gan-mnist": ("gan-mnist", 16, []),
    "gan-mnist-slow": ("gan-mnist", 16, SLOW),
    "dcgan64": ("dcgan64", 8, []),
    "dcgan64-slow": ("dcgan64", 8, SLOW),
    "cdcgan-mnist": ("cdcgan-mnist", 16, []),
    "cdcgan-mnist-slow": ("cdcgan-mnist", 16, SLOW),
    "dcgan32-mnist-slow": ("dcgan32-mnist", 16, SLOW + ["data.skip=0"]),
}


def losses(log):
    """d_loss_real, d_loss_fake, g_loss (of the last G update), D(x), D(G(z)) of D's update."""
    return [log.d_loss_real, log.d_loss_fake, log.g_losses[-1], log.d_real, log.d_fake]


def pattern(n):
    """Fixed weights in [-1, 1) that tell elements apart: a sum with them sees a permuted tensor."""
    h = (np.arange(n, dtype=np.uint64) * np.uint64(2654435761)) >> np.uint64(16) & np.uint64(0xFFFF)
    return torch.from_numpy(h.astype(np.float64) / 32768 - 1)


def summary(x):
    x = x.flatten()
    return np.array([x.sum(), (x * x).sum(), (x * pattern(x.numel())).sum(), x[0]])


def run(ini, batch, **how):
    """Losses of every step, and the tensors after the SNAPSHOTS."""
    r, logs, states = reference.Run(ini, SEED, batch, PICTURES, **how), [], {}
    for t in range(STEPS):
        logs.append(losses(r.step(t)))
        if t + 1 in SNAPSHOTS:
            states[t + 1] = {name: x.clone() for name, x in r.tensors()}
    return np.array(logs), states


def repetitions(ini, batch):
    """The float32 runs, differing in rounding alone."""
    for k in range(REPETITIONS):
        generator = torch.Generator().manual_seed(k)
        yield run(ini, batch, nudge=generator, order=torch.randperm(batch, generator=generator).numpy())


def measure(reference_run, repeated):
    """Tolerances of the losses [steps][5] and of the summaries {step: {name: [4]}}."""
    logs, states = reference_run
    loss_distance = np.zeros_like(logs)
    summary_distance = {s: {n: np.zeros(4) for n in states[s]} for s in states}
    rms_distance = {s: {n: 0.0 for n in states[s]} for s in states}
    for other_logs, other_states in repeated:
        loss_distance = np.maximum(loss_distance, np.abs(other_logs - logs))
        for s in states:
            for n, x in states[s].items():
                y = other_states[s][n]
                summary_distance[s][n] = np.maximum(summary_distance[s][n], np.abs(summary(y) - summary(x)))
                rms_distance[s][n] = max(rms_distance[s][n], (y - x).pow(2).mean().sqrt().item())
    loss_tolerance = SAFETY * np.maximum.accumulate(loss_distance, 0)
    tensor_tolerance = {s: {} for s in states}
    for s in states:
        for n, x in states[s].items():
            root, rms = x.numel() ** 0.5, x.pow(2).mean().sqrt().item()
            share = np.array([root, 2 * rms * root, root, 1]) * rms_distance[s][n]
            tensor_tolerance[s][n] = SAFETY * (summary_distance[s][n] + share)
    return loss_tolerance, tensor_tolerance


def pairs(values, tolerances):
    return " ".join(f"{v:.9g} {t:.2g}" for v, t in zip(values, tolerances))


def make(name):
    preset, batch, changes = RUNS[name]
    ini = reference.read_preset(PRESETS / f"{preset}.ini", changes)
    truth = run(ini, batch, dtype=torch.float64)
    loss_tolerance, tensor_tolerance = measure(truth, repetitions(ini, batch))
    data = ini["data"]
    lines = [f"# Made by make_golden.py with PyTorch {torch.__version__}. After each value its tolerance.",
             f"preset {preset}", f"batch {batch}", f"seed {SEED}",
             f"pictures {PICTURES} {data['height']} {data['width']} {data['channels']} {data.get('classes')}"]
    lines += [f"set {change}" for change in changes]
    lines.append("# step: d_loss_real d_loss_fake g_loss d_real d_fake")
    for t in range(STEPS):
        lines.append(f"step {t + 1} {pairs(truth[0][t], loss_tolerance[t])}")
    lines.append("# tensor after step: name, elements, sum, sum of squares, sum with pattern(), first")
    for s in SNAPSHOTS:
        for n, x in truth[1][s].items():
            lines.append(f"tensor {s} {n} {x.numel()} {pairs(summary(x), tensor_tolerance[s][n])}")
    (HERE / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: tolerance of the losses {loss_tolerance[0].max():.2g} at step 1, {loss_tolerance[1].max():.2g} at "
          f"2, {loss_tolerance[-1].max():.2g} at {STEPS}", flush=True)


def main():
    torch.set_flush_denormal(True)
    names = sys.argv[1:] or list(RUNS)
    for name in names:
        if name not in RUNS:
            sys.exit(f"no run is called {name}; there are {', '.join(RUNS)}")
    for name in names:
        make(name)


main()
