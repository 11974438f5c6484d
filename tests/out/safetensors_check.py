"""Reads a checkpoint with the safetensors package, and with PyTorch where it is installed.

usage: safetensors_check.py WRITE_EXAMPLE     (the program built from write_example.c)
Exit status 77: skipped, a package is missing. The values are those of example.h.
"""
import os
import subprocess
import sys
import tempfile

SKIPPED = 77

try:
    import numpy
    import safetensors
    import safetensors.numpy
except ImportError as error:
    print(f"SKIPPED: {error} (pip install safetensors numpy)")
    sys.exit(SKIPPED)

METADATA = {
    "gan_dist.step": "500",
    "gan_dist.preset": "quickstart",
    "gan_dist.config": '[generator]\nlayers = dense 3x3x512 | "deconv"\t\\ \u00e9\u0001\n',
}


def expected():
    def ramp(start, shape):
        return (start + 0.25 * numpy.arange(numpy.prod(shape))).astype(numpy.float32).reshape(shape)

    return {
        "generator.main.0.weight": ramp(1, (2, 3, 1, 2)),
        "generator.main.1.bias": ramp(101, (3,)),
        "generator.main.1.num_batches_tracked": numpy.array(1234567890123, numpy.int64),
        "generator.main.1.running_mean": ramp(201, (3,)),
        "discriminator.main.0.empty": numpy.zeros((0, 5), numpy.float32),
        "optimizer.generator.exp_avg.main.0.weight": ramp(301, (2, 3, 1, 2)),
    }


def compare(found, wanted):
    assert set(found) == set(wanted), set(found) ^ set(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype, (name, found[name].dtype)
        assert found[name].shape == array.shape, (name, found[name].shape)
        assert numpy.array_equal(found[name], array), (name, found[name])


def check_numpy(path):
    compare(safetensors.numpy.load_file(path), expected())
    with safetensors.safe_open(path, "numpy") as file:
        metadata = file.metadata()
    for key, value in METADATA.items():
        assert metadata[key] == value, (key, metadata[key])
    print("numpy: names, types, shapes, values and metadata agree")


def check_torch(path):
    try:
        import torch
        import safetensors.torch
    except ImportError as error:
        print(f"PyTorch part left out: {error}")
        return
    tensors = safetensors.torch.load_file(path)
    compare({name: tensor.numpy() for name, tensor in tensors.items()}, expected())

    class Network(torch.nn.Module):
        """A convolution and the parts of a batch norm that the example holds."""

        def __init__(self):
            super().__init__()
            self.main = torch.nn.Sequential(torch.nn.Conv2d(3, 2, (1, 2), bias=False), torch.nn.Module())
            self.main[1].bias = torch.nn.Parameter(torch.zeros(3))
            self.main[1].register_buffer("running_mean", torch.zeros(3))
            self.main[1].register_buffer("num_batches_tracked", torch.tensor(0))

    prefix = "generator."
    state = {name[len(prefix):]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    network = Network()
    network.load_state_dict(state, strict=True)
    assert float(network.main[1].bias[2].detach()) == 101.5
    assert int(network.main[1].num_batches_tracked) == 1234567890123
    print(f"PyTorch {torch.__version__}: load_state_dict(strict=True) takes it")


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "example.safetensors")
        subprocess.run([sys.argv[1], path], check=True)
        check_numpy(path)
        check_torch(path)


main()
