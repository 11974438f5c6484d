#!/usr/bin/env bash
# pack.sh PROGRAM: training on a packed file is training on what it was made from, to the byte.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini

# pictures FOLDER: PNGs of the program's own, in two folders.
pictures() {
    train 0 --config net.ini --out maker --steps 1 --sample-every 0
    mkdir "$1"
    train 0 generate --checkpoint "$(newest maker)" --mode images --out "$1/a" --num 30
    train 0 generate --checkpoint "$(newest maker)" --mode images --out "$1/b" --num 30 --seed 2
}
pictures folder

for ranks in 0 2; do
    train "$ranks" pack --config net.ini --data folder --out "folder-$ranks.idx"
    says out fingerprint
done
same folder-0.idx folder-2.idx
train 2 --config net.ini --data folder --out from-folder
train 2 --config net.ini --data folder-0.idx --out from-file
same_run from-folder from-file
same from-folder/samples/reals.png from-file/samples/reals.png

# With labels from the folders' names.
sed -i 's/^channels = 1/&\nclasses = 2\nlabels = folders/' net.ini
sed -e 's/dense 4x4x16/label dense 4x4x16/' -e 's/labels = folders/labels = file/' net.ini >from-file.ini
sed -e 's/dense 4x4x16/label dense 4x4x16/' net.ini >from-folder.ini
train 2 pack --config from-folder.ini --data folder --out labelled.idx
[ -f labelled.idx-labels ] || fail "no labels beside the pictures"
train 0 --config from-folder.ini --data folder --out labels-from-folder
train 2 --config from-file.ini --data labelled.idx --out labels-from-file
losses labels-from-folder >a.losses
losses labels-from-file >b.losses
same a.losses b.losses

before=$(sha256sum folder-0.idx)
refused 2 folder-0.idx 'exists already' -- pack --config net.ini --data folder --out folder-0.idx
refused 2 --data -- pack --config net.ini --data '' --out other.idx
refused 2 nowhere -- pack --config net.ini --data nowhere --out other.idx
[ "$(sha256sum folder-0.idx)" = "$before" ] || fail "folder-0.idx was replaced"
[ ! -e other.idx ] || fail "a file in spite of the refusal"
