#!/usr/bin/env bash
# resaved.sh PROGRAM: files between gan_dist and the Python library safetensors: each number of a checkpoint stands where a loader can
# view it in place, and a checkpoint that another program has loaded and saved goes on as the one that it was made from.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
python=${PYTHON:-python3}
"$python" -c 'import safetensors.numpy' 2>/dev/null || skip "needs a Python with safetensors and numpy (PYTHON=...)"
# Odd numbers of channels, so that nothing is aligned by chance.
write_config net.ini
sed -i -e 's/^layers = dense 4x4x16 .*/layers = dense 4x4x7 bn relu | deconv 4 s2 5 bn relu | deconv 4 s2 3 bn relu | conv 3 1 tanh/' \
    -e 's/| conv 4 s2 16 bn lrelu |/| conv 4 s2 9 bn lrelu | conv 3 1 bn lrelu |/' -e 's/^sample_every = 5/sample_every = 0/' net.ini
note='another program has written it; checksums not compared'

train 0 --config net.ini --out run --steps 6
checkpoint=run/checkpoints/step-00000006.safetensors
train 2 --config net.ini --out whole --steps 12

# --- each type at multiples of its size, from the start of the file and of the data
cat >aligned.py <<'END'
import json, struct, sys
for path in sys.argv[1:]:
    data = open(path, "rb").read()
    n, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + n])
    header.pop("__metadata__")
    sizes = {"F32": 4, "I64": 8}
    kinds = {"F32": 0, "I64": 0}
    ends = []
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        kinds[entry["dtype"]] += 1
        ends.append((begin, end))
        if begin % sizes[entry["dtype"]] or (8 + n + begin) % sizes[entry["dtype"]]:
            sys.exit(f"{path}: {name}: {entry['dtype']} at {begin}")
    ends.sort()
    if ends[0][0] != 0 or ends[-1][1] != len(data) - 8 - n or any(a[1] != b[0] for a, b in zip(ends, ends[1:])):
        sys.exit(f"{path}: gaps, or overlaps")
    if min(kinds.values()) == 0:
        sys.exit(f"{path}: {kinds}")
END
write_conditional net3.ini
write_idx digits 40 16 16
train 0 --config net3.ini --data digits --out run3 --steps 1 --sample-every 0
train 0 --preset gan-mnist --data digits --batch 8 --out run4 --steps 1 --sample-every 0 --threads 1
"$python" aligned.py "$checkpoint" "$(newest run3)" "$(newest run4)" || fail "numbers that cannot be viewed in place"

# --- loaded and saved
cat >save.py <<'END'
import random, sys
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
import numpy
path = sys.argv[1]
with safe_open(path, "np") as file:
    words = file.metadata()
tensors = load_file(path)
def save(name, tensors, words):
    save_file(tensors, f"{name}.safetensors", metadata=words)
save("kept", tensors, words)
names = list(tensors)
random.Random(1).shuffle(names)
save("shuffled", {name: tensors[name] for name in names}, dict(reversed(list(words.items()))))
save("more", tensors, {**words, "averaged over": "the last 10, each with the same weight"})
save("unhashed", tensors, {key: word for key, word in words.items() if "hash" not in key})
save("headless", tensors, {"format": "pt"})
save("stepless", tensors, {key: word for key, word in words.items() if key != "gan_dist.step"})
save("worded", tensors, {**words, "gan_dist.step": "six"})
save("fewer", {name: tensors[name] for name in names[1:]}, words)
save("half", {name: tensor.astype(numpy.float16) if tensor.dtype == numpy.float32 else tensor for name, tensor in tensors.items()}, words)
save("flat", {name: tensor.reshape(-1) for name, tensor in tensors.items()}, words)
tensors["generator.main.0.weight"] = tensors["generator.main.0.weight"] * numpy.float32(0.5)
save("edited", tensors, words)
END
"$python" save.py "$checkpoint"
for name in kept more; do # else, one time in so many, a file that looks like one of gan_dist's with a damaged header
    [ $((($(od -An -tu8 -N8 "$name.safetensors") + 8) % 64)) -ne 0 ] || fail "$name: other lengths of texts, please"
done
generated() {
    train 0 generate --checkpoint "$1" --num 9 --out "$2"
}
generated "$checkpoint" own.png
for name in kept shuffled more unhashed; do
    train 0 info "$name.safetensors"
    grep -qE '^step +6$' out || fail "$name: info does not say the step"
    says out 'checked        no: '
    generated "$name.safetensors" "$name.png"
    same own.png "$name.png"
    train 0 --config net.ini --out "run-$name" --resume "$name.safetensors" --steps 12
    [ "$(grep -c "^warning: $name.safetensors: .*$note" err)" -eq 1 ] || fail "$name: not said once that checksums are not compared"
    same "$(newest "run-$name")" "$(newest whole)"
done
# On two ranks; and in the place of the run's own, which is the newest.
train 2 --config net.ini --out run-two --resume kept.safetensors --steps 12
same "$(newest run-two)" "$(newest whole)"
cp -r run run-placed
cp kept.safetensors run-placed/checkpoints/step-00000006.safetensors
train 0 --config net.ini --out run-placed --steps 12
says err "$note"
same "$(newest run-placed)" "$(newest whole)"
train 0 info "$(newest run-placed)"
says out 'checked        yes'

# Keys in whatever order, and a header of whatever length: until the hashes come first, as safetensors writes them now and then.
cat >first.py <<'END'
import struct
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
with safe_open("kept.safetensors", "np") as file:
    words = file.metadata()
tensors = load_file("kept.safetensors")
length = lambda: 8 + struct.unpack("<Q", open("first.safetensors", "rb").read(8))[0]
save_file(tensors, "first.safetensors", metadata={**words, "note": ""})
words["note"] = "x" * (-length() % 64)
while True:
    save_file(tensors, "first.safetensors", metadata=words)
    if length() % 64 == 0:
        text = open("first.safetensors", "rb").read(200)
        first = 0 < text.find(b"header_hash") < 50 and 60 < text.find(b"data_hash") < 90
        whole = open("first.safetensors", "rb").read()
        if first and whole.find(b"gan_dist.preset") < whole.find(b"gan_dist.step"):  # not in our order by chance
            break
END
"$python" first.py
train 0 --config net.ini --out run-first --resume first.safetensors --steps 12
same "$(newest run-first)" "$(newest whole)"

# Other numbers are other numbers.
train 0 --config net.ini --out run-edited --resume edited.safetensors --steps 12
cmp -s "$(newest run-edited)" "$(newest whole)" && fail "what was edited is not what is trained on"
generated edited.safetensors edited.png
cmp -s own.png edited.png && fail "what was edited is not what is drawn"

# --- what is no state of this run
# not_taken STATUS NAME TEXT WORD...
not_taken() {
    run 0 --config net.ini --out none --steps 12 --resume "$2.safetensors" "${@:4}"
    [ "$status" -eq "$1" ] || fail "$2: exit status $status, not $1"
    said_once
    says err "gan_dist: $2.safetensors: " "$3"
    [ -z "$(find none -name '*.safetensors')" ] || fail "$2: refused, and saved"
}
not_taken 2 headless 'nothing says which step'
not_taken 2 stepless 'step'
not_taken 1 worded "'six'"
not_taken 2 fewer 'another network'
not_taken 2 half 'another network'
not_taken 2 flat 'another network'
not_taken 2 kept learning_rate --set generator.learning_rate=0.1
not_taken 2 kept 'other pictures' --data faces:81

# --- checksums of gan_dist's own files still find what has changed
cp "$checkpoint" flipped.safetensors
printf 'x' | dd of=flipped.safetensors bs=1 seek=$(($(stat -c %s "$checkpoint") - 100)) conv=notrunc status=none
cmp -s "$checkpoint" flipped.safetensors && printf 'y' | dd of=flipped.safetensors bs=1 seek=$(($(stat -c %s "$checkpoint") - 100)) \
    conv=notrunc status=none
refuses 1 0 flipped.safetensors checksum -- --config net.ini --out none --resume flipped.safetensors
head -c 3000 kept.safetensors >torn.safetensors
refuses 1 0 torn.safetensors -- --config net.ini --out none --resume torn.safetensors
