"""A GAN run in PyTorch: the networks of a preset's text, its initial weights, noise, data order and updates.

Written against docs/formats.md (grammar of `layers`) and docs/numerics.md, not against the C code: two
readings of the same words that must agree.
"""
import configparser
import re
import types

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import philox


# --- presets -----------------------------------------------------------------------------------

def read_preset(path, changes):
    ini = configparser.ConfigParser(inline_comment_prefixes=("#", ";"), interpolation=None)
    ini.read_dict({net: {"init_conv": "normal 0.02", "init_dense": "normal 0.02", "init_bn": "ones", "bias": "yes",
                         "bn_epsilon": "1e-5", "bn_momentum": "0.1", "beta2": "0.999", "epsilon": "1e-8"}
                   for net in ("generator", "discriminator")})
    ini.read_dict({"generator": {"noise_paired": "no"}, "data": {"classes": "0"}, "train": {"adam": "tensorflow"}})
    with open(path, encoding="utf-8") as file:
        ini.read_file(file)
    for change in changes:
        key, value = change.split("=")
        section, name = key.split(".")
        ini.set(section, name, value)
    return ini


# --- data: a formula that test_golden.c states again -------------------------------------------

def lattice(i, y, x, c):
    h = np.uint32(0x9E3779B1) * i ^ np.uint32(0x85EBCA77) * y ^ np.uint32(0xC2B2AE3D) * x ^ np.uint32(0x27D4EB2F) * c
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x2C1B3C6D)
    return h >> np.uint32(24)


def pictures(n, height, width, channels):
    """uint8 [n, h, w, c]: a hash at every 8th pixel, linear in between."""
    i, y, x, c = np.meshgrid(*(np.arange(m, dtype=np.uint32) for m in (n, height, width, channels)), indexing="ij")
    eight, one = np.uint32(8), np.uint32(1)
    by, bx, fy, fx = y // eight, x // eight, y % eight, x % eight
    top = (eight - fx) * lattice(i, by, bx, c) + fx * lattice(i, by, bx + one, c)
    bottom = (eight - fx) * lattice(i, by + one, bx, c) + fx * lattice(i, by + one, bx + one, c)
    return (((eight - fy) * top + fy * bottom) // np.uint32(64)).astype(np.uint8)


# --- networks ----------------------------------------------------------------------------------

def as_maps(x):
    return x[:, :, None, None] if x.dim() == 2 else x


class Conv(nn.Conv2d):
    """Without p: TensorFlow's SAME, the smaller half of the padding first."""

    same = False

    def forward(self, x):
        x = as_maps(x)
        if self.same:
            k, s = self.kernel_size[0], self.stride[0]
            pad = []
            for n in (x.shape[3], x.shape[2]):
                total = max((-(-n // s) - 1) * s + k - n, 0)
                pad += [total // 2, total - total // 2]
            x = functional.pad(x, pad)
        return super().forward(x)


class Deconv(nn.ConvTranspose2d):
    """Without p: the gradient of the SAME convolution from n*s to n, so its padding is cropped."""

    same = False

    def forward(self, x):
        y = super().forward(as_maps(x))
        if self.same:
            k, s = self.kernel_size[0], self.stride[0]
            assert k >= s
            before = (k - s) // 2
            y = y[:, :, before:before + x.shape[2] * s, before:before + x.shape[3] * s]
        return y


class Label(nn.Module):
    """The network gives it the one-hot labels of the batch before each pass."""

    def forward(self, x):
        hot = self.hot if x.dim() == 2 else self.hot[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return torch.cat([x, hot.to(x.dtype)], 1)


ACTIVATIONS = {"relu": nn.ReLU, "lrelu": lambda: nn.LeakyReLU(0.2), "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class Network(nn.Module):
    def __init__(self, section, number, channels, height, width, classes, seed):
        super().__init__()
        self.classes = classes
        self.shape = (channels, height, width)  # of the features so far; a vector has height = width = 0
        self.modules_ = []
        tokens = section["layers"].replace("|", " ").split()
        while tokens:
            self.add(tokens.pop(0), tokens, section)
        self.main = nn.Sequential(*self.modules_)
        self.initialise(section, number, seed)

    def add(self, word, tokens, section):
        c, h, w = self.shape
        bias = section.getboolean("bias")
        if word == "dense":
            if h:
                self.append(nn.Flatten(), (c * h * w, 0, 0))
            maps = [int(n) for n in tokens.pop(0).split("x")]
            features = int(np.prod(maps))
            self.append(nn.Linear(self.shape[0], features, bias=bias), (features, 0, 0))
            if len(maps) == 3:
                self.append(nn.Unflatten(1, (maps[2], maps[0], maps[1])), (maps[2], maps[0], maps[1]))
        elif word == "flatten":
            self.append(nn.Flatten(), (c * h * w, 0, 0))
        elif word == "reshape":
            height, width, channels = (int(n) for n in tokens.pop(0).split("x"))
            self.append(nn.Unflatten(1, (channels, height, width)), (channels, height, width))
        elif word in ("conv", "deconv"):
            self.add_conv(word, tokens, bias)
        elif word == "bn":
            kind = nn.BatchNorm2d if h else nn.BatchNorm1d
            self.append(kind(c, eps=float(section["bn_epsilon"]), momentum=float(section["bn_momentum"])), self.shape)
        elif word == "label":
            self.append(Label(), (c + self.classes, h, w))
        else:
            self.append(ACTIVATIONS[word](), self.shape)

    def add_conv(self, word, tokens, bias):
        c, h, w = self.shape
        k, s, p = int(tokens.pop(0)), 1, None
        if tokens[0][0] == "s":
            s = int(tokens.pop(0)[1:])
        if tokens[0][0] == "p":
            p = int(tokens.pop(0)[1:])
        out = int(tokens.pop(0))
        layer = (Conv if word == "conv" else Deconv)(c, out, k, s, p or 0, bias=bias)
        layer.same = p is None
        with torch.no_grad():
            y = layer(torch.zeros(1, c, h or 1, w or 1))
        self.append(layer, y.shape[1:])

    def append(self, module, shape):
        self.modules_.append(module)
        self.shape = tuple(shape)

    @torch.no_grad()
    def initialise(self, section, number, seed):
        k = 0
        for module in self.main:
            for name, tensor in module.named_parameters():
                values = initial(section, module, name, tensor, seed, k + 1024 * number)
                tensor.copy_(torch.from_numpy(values.reshape(tuple(tensor.shape))))
                k += 1

    def forward(self, x, hot):
        for module in self.main:
            if isinstance(module, Label):
                module.hot = hot
        return self.main(x)


def initial(section, module, name, tensor, seed, draw):
    n, norm = tensor.numel(), isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d))
    if name == "bias":
        return np.zeros(n, np.float32)
    rule = section["init_bn" if norm else "init_dense" if isinstance(module, nn.Linear) else "init_conv"].split()
    at = (seed, philox.INIT, draw)
    if rule[0] == "ones":
        return np.ones(n, np.float32)
    if rule[0] == "normal":
        return philox.normal(n, 1 if norm else 0, float(rule[1]), *at)
    if rule[0] == "truncated":
        return philox.truncated(n, 0, float(rule[1]), *at)
    taps = int(np.prod(tensor.shape[2:]))
    first, second = (int(m) * taps for m in tensor.shape[:2])
    fan_in, fan_out = (first, second) if isinstance(module, Deconv) else (second, first)
    if rule[0] == "he":
        return philox.normal(n, 0, np.sqrt(2 / fan_in), *at)
    limit = {"glorot": np.sqrt(6 / (fan_in + fan_out)), "torch": 1 / np.sqrt(second)}[rule[0]]
    return philox.uniform(n, -limit, limit, *at)


# --- optimiser ---------------------------------------------------------------------------------

class TensorFlowAdam:
    """Kingma and Ba's remark before section 2.1: epsilon is added to the uncorrected root."""

    def __init__(self, parameters, lr, betas, eps):
        self.parameters, self.lr, self.betas, self.eps, self.t = list(parameters), lr, betas, eps, 0
        self.m = [torch.zeros_like(p) for p in self.parameters]
        self.v = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self):
        self.t += 1
        b1, b2 = self.betas
        rate = self.lr * np.sqrt(1 - b2 ** self.t) / (1 - b1 ** self.t)
        for p, m, v in zip(self.parameters, self.m, self.v):
            m.mul_(b1).add_(p.grad, alpha=1 - b1)
            v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
            p.addcdiv_(m, v.sqrt().add_(self.eps), value=-rate)


def optimiser(kind, net, section):
    make = {"tensorflow": TensorFlowAdam, "pytorch": torch.optim.Adam}[kind]
    return make(net.parameters(), lr=float(section["learning_rate"]),
                betas=(float(section["beta1"]), float(section["beta2"])), eps=float(section["epsilon"]))


# --- losses: value of D's output for the wanted answer, and D's opinion -------------------------

def bce(logits, real):
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))


def softmax(logits, real):
    return functional.cross_entropy(logits, torch.full((logits.shape[0],), int(real)))


LOSSES = {"bce": (bce, lambda s: torch.sigmoid(s).mean()),
          "softmax": (softmax, lambda s: torch.softmax(s, 1)[:, 1].mean())}


# --- the run -----------------------------------------------------------------------------------

class Run:
    """`dtype`, `order` (a permutation of the batch: the same sums in another order) and `nudge` (random signs, by which
    weights and noise change by 2^-20 of their size) vary the rounding and nothing else."""

    def __init__(self, ini, seed, batch, count, dtype=torch.float32, order=None, nudge=None):
        self.ini, self.seed, self.batch, self.count, self.dtype = ini, seed, batch, count, dtype
        self.order = np.arange(batch) if order is None else order
        self.nudge = nudge
        data = ini["data"]
        size = [data.getint(k) for k in ("height", "width", "channels")]
        pixels = torch.from_numpy(pictures(count, *size)).permute(0, 3, 1, 2).to(torch.float64)
        self.images = {"signed": pixels / 127.5 - 1, "unit": pixels / 255}[data["range"]].to(torch.float32)
        kind, dim = ini["generator"]["noise"].split()
        self.noise_kind, self.noise_dim = kind, int(dim)
        classes = data.getint("classes")
        self.hot = torch.eye(max(classes, 1))[torch.arange(count) % max(classes, 1)]
        self.g = Network(ini["generator"], 0, self.noise_dim, 0, 0, classes, seed)
        self.d = Network(ini["discriminator"], 1, size[2], size[0], size[1], classes, seed)
        for net in (self.g, self.d):
            net.to(dtype).train()
            with torch.no_grad():
                for p in net.parameters():
                    p.copy_(self.nudged(p))
        self.g_optimiser = optimiser(ini["train"]["adam"], self.g, ini["generator"])
        self.d_optimiser = optimiser(ini["train"]["adam"], self.d, ini["discriminator"])
        self.loss, self.opinion = LOSSES[ini["train"]["loss"]]

    def nudged(self, x):
        if self.nudge is None:
            return x.to(self.dtype)
        sign = torch.randint(0, 2, x.shape, generator=self.nudge) * 2 - 1
        return (x * (1 + sign * 2.0 ** -20)).to(self.dtype)

    def positions(self, t):
        epoch, within = divmod(t, self.count // self.batch)
        return [philox.permute(within * self.batch + i, self.count, self.seed, epoch) for i in range(self.batch)]

    def noise(self, t, k, positions):
        paired = self.ini["generator"].getboolean("noise_paired")
        draw, step = (0, 0) if paired else (k, t)
        at = [(self.seed, philox.NOISE, draw, step, p if paired else i) for i, p in enumerate(positions)]
        make = {"uniform": lambda a: philox.uniform(self.noise_dim, -1, 1, *a),
                "normal": lambda a: philox.normal(self.noise_dim, 0, 1, *a)}[self.noise_kind]
        return self.nudged(torch.from_numpy(np.stack([make(a) for a in at])[self.order]))

    def judge(self, images):
        out = self.d(images, self.labels)
        return out.flatten() if out.shape[1] == 1 else out.flatten(1)

    def make(self):
        """G(z), once for each noise and each state of G's weights."""
        if self.fake is None:
            self.fake = self.g(self.z, self.labels)
        return self.fake

    def discriminate(self):
        """D's gradients and the four numbers of the log."""
        self.d.zero_grad()
        real, fake = self.judge(self.real), self.judge(self.make().detach())
        losses = self.loss(real, True), self.loss(fake, False)
        sum(losses).backward()
        self.log = types.SimpleNamespace(d_loss_real=losses[0].item(), d_loss_fake=losses[1].item(), g_losses=[],
                                         d_real=self.opinion(real).item(), d_fake=self.opinion(fake).item())

    def generate(self):
        """G's gradients. D's own are kept out of it."""
        self.g.zero_grad()
        loss = self.loss(self.judge(self.make()), True)
        parameters = list(self.g.parameters())
        for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            p.grad = gradient
        self.log.g_losses.append(loss.item())

    def both(self):
        """Both gradients from one pass over the fakes."""
        self.g.zero_grad()
        self.d.zero_grad()
        real, fake = self.judge(self.real), self.judge(self.make())
        losses = self.loss(real, True), self.loss(fake, False), self.loss(fake, True)
        for net, loss in ((self.d, losses[0] + losses[1]), (self.g, losses[2])):
            parameters = list(net.parameters())
            for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters, retain_graph=True)):
                p.grad = gradient
        self.log = types.SimpleNamespace(d_loss_real=losses[0].item(), d_loss_fake=losses[1].item(),
                                         g_losses=[losses[2].item()], d_real=self.opinion(real).item(),
                                         d_fake=self.opinion(fake).item())

    def step(self, t):
        positions = self.positions(t)
        chosen = [positions[i] for i in self.order]
        self.real = self.images[chosen].to(self.dtype)
        self.labels = self.hot[chosen].to(self.dtype)
        draws = 0
        for word in re.findall(r"\(D G\)|[zDG]", self.ini["train"]["order"]):
            if word == "z":
                self.z, self.fake, draws = self.noise(t, draws, positions), None, draws + 1
            if word == "D":
                self.discriminate()
            if word == "G":
                self.generate()
            if word == "(D G)":
                self.both()
            if "D" in word:
                self.d_optimiser.step()
            if "G" in word:
                self.g_optimiser.step()
                self.fake = None
        return self.log

    def tensors(self):
        for prefix, net in (("generator", self.g), ("discriminator", self.d)):
            for name, tensor in net.state_dict().items():
                yield f"{prefix}.{name}", tensor.detach().to(torch.float64)
