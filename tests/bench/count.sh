#!/usr/bin/env bash
# count.sh PROGRAM: `bench --count` of dcgan64 against the same numbers worked out here from the sizes of its maps and weights; and
# that every preset can be counted.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"

train 0 bench --count --preset dcgan64 --batch 24 --shards 2
mv out counted

# D: x -> a1 .. a5 with weights w1 .. w5; G: z -> g1 .. g5 with v1 .. v5; numbers a picture. A step is z D G: D goes forward three
# times (real, fake, fake again after its update), twice back for its own weights and once for G's; G once each way.
awk -v B=24 -v S=2 '
    function expect(name, calls, flops, numbers_read, numbers_written, row) {
        row = sprintf("%-22s %6.0f %12.4f %12.3f %12.3f", name, calls, flops / 1e9, 4e-6 * numbers_read, 4e-6 * numbers_written)
        expected[name] = row
    }
    BEGIN {
        x = 12288; a1 = 65536; a2 = 32768; a3 = 16384; a4 = 8192; a5 = 1
        w1 = 3072; w2 = 131072; w3 = 524288; w4 = 2097152; w5 = 8192; w = w1 + w2 + w3 + w4 + w5
        z = 100; g1 = 8192; g2 = 16384; g3 = 32768; g4 = 65536; g5 = 12288
        v1 = 819200; v2 = 2097152; v3 = 524288; v4 = 131072; v5 = 3072; v = v1 + v2 + v3 + v4 + v5
        first = 1024 * w1; big = 33554432; D = first + 3 * big + w5; G = v1 + 3 * big + first

        expect("convolution", S * (3 * 5 + 4), 2 * B * (3 * D + G - v1),
               3 * (B * (x + a1 + a2 + a3 + a4) + S * w) + B * (g5 + g4 + g3 + g2) + S * (v - v1),
               3 * B * (a1 + a2 + a3 + a4 + a5) + B * (g4 + g3 + g2 + g1))
        expect("its data gradient", S * (2 * 4 + 5 + 5), 2 * B * (2 * (D - first) + D + G),
               2 * (B * (a2 + a3 + a4 + a5) + S * (w - w1)) + B * (a1 + a2 + a3 + a4 + a5) + S * w + B * (z + g1 + g2 + g3 + g4) + S * v,
               2 * B * (a1 + a2 + a3 + a4) + B * (x + a1 + a2 + a3 + a4) + B * (g1 + g2 + g3 + g4 + g5))
        expect("its weight gradient", S * 15, 2 * B * (2 * D + G),
               B * (2 * (x + 2 * (a1 + a2 + a3 + a4) + a5) + z + 2 * (g1 + g2 + g3 + g4) + g5) + S * w, S * (2 * w + v))
        expect("biases, activations", S * (3 + 3 + 2), 0, B * ((3 + 3 * 2) * a1 + (1 + 2) * g5), B * ((3 + 3) * a1 + 2 * g5))
        expect("weights\047 layout", 10, 0, w + v, w + v) # once after each update
        expect("Adam", 2, 0, 4 * (3576704 + 2765568), 3 * (3576704 + 2765568))

        # Batch norm of n numbers a picture in c channels. A forward pass: sums, statistics, apply; a backward pass: sums, apply;
        # for its own gradients the sums once more as floats. A double is two numbers.
        n_d = a2 + a3 + a4; c_d = 128 + 256 + 512; n_g = g1 + g2 + g3 + g4; c_g = 512 + 256 + 128 + 64
        n = 3 * n_d + n_g; c = 3 * c_d + c_g # as many forward passes as backward passes, and layers 3 and 4
        layers = 3 * 3 + 4; own = 2 * 3 + 4; c_own = 2 * c_d + c_g
        read = B * n + 6 * c + B * n + S * 4 * c + B * (2 * n) + S * 4 * c + B * (2 * n) + S * 8 * c
        written = S * 4 * c + 4 * c + B * n + S * 4 * c + B * n
        read += S * (4 * c_own + 2 * c_d)
        written += S * 2 * c_own
        expect("batch norm", layers * (4 * S + 1) + own * S, 0, read, written)
    }
    { name = substr($0, 1, 22); sub(/ +$/, "", name) }
    name in expected {
        print
        if ($0 != expected[name]) { print expected[name] " is what it should be"; wrong = 1 }
        delete expected[name]
    }
    END { for (name in expected) { print "no row: " name; wrong = 1 } exit wrong }' counted || fail "the counts of dcgan64 are wrong"
says counted '3576704 parameters' '2765568 parameters' 'an exchange has 14.306880 MB' 'an exchange has 11.062336 MB'
# What bench divides by time for its GFLOP/s is the same, from the networks' text.
says counted 'a picture              2.274623 GFLOP'

for preset in $("$gan" presets | cut -d' ' -f1); do
    train 0 bench --count --preset "$preset"
    says out "$preset: a step of rank 0 of 1" total
    ! grep -E 'nan|inf' out || fail "$preset: no numbers"
done
