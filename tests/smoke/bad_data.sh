#!/usr/bin/env bash
# bad_data.sh PROGRAM: missing, empty, damaged, too few or unlabelled pictures.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini

refused 2 "$temp/nowhere" -- --config net.ini --out run --data "$temp/nowhere"
[ ! -e run/log.csv ] && [ -z "$(ls run/checkpoints)" ] || fail "a refused run has left results"
says run/status.json '"failed"' nowhere
mkdir empty empty/below
refused 2 'empty' .jpg .png train-images-idx3-ubyte -- --config net.ini --out run --data empty
refused 2 'no data' --data -- --config net.ini --out run --data ''

# Nothing but garbage.
mkdir garbage
echo 'no picture' >garbage/text.png
: >garbage/empty.jpg
head -c 5000 <(seq 1 100000) >garbage/numbers.JPEG
refused 2 garbage '3 of 3' bad-files.txt -- --config net.ini --out run --data garbage
[ "$(grep -c '^garbage/' run/bad-files.txt)" -eq 3 ] || fail "not each bad file is listed"

# Good ones, and some of each kind of bad ones.
train 0 --config net.ini --out maker --steps 1 --sample-every 0
train 0 generate --checkpoint "$(newest maker)" --mode images --out mixed/good --num 40
cp -r mixed/good good
mkdir mixed/bad
cp garbage/* mixed/bad
head -c 60 good/000003.png >mixed/bad/torn.png
{ # A header that claims 65535 x 65535 pictures, with its right checksum nowhere near.
    head -c 16 good/000003.png
    be32 2147483647
    be32 2147483647
    tail -c +25 good/000003.png
} >mixed/bad/huge.png
refused 2 mixed '5 of 45' data.max_bad_fraction bad-files.txt -- --config net.ini --out run --data mixed
train 2 --config net.ini --out run --data mixed --max-bad-fraction 0.2
says err 'warning:' '5 unreadable pictures' run/bad-files.txt
[ "$(wc -l <run/bad-files.txt)" -eq 6 ] || fail "not a heading and five files"
for name in text.png empty.jpg numbers.JPEG torn.png huge.png; do
    grep -qE "^mixed/bad/$name"$'\t''.{5,}' run/bad-files.txt || fail "bad-files.txt does not say what is wrong with $name"
done
# The good ones are what is trained on.
train 0 --config net.ini --out run-good --data good
same "$(newest run)" "$(newest run-good)"
[ ! -e run-good/bad-files.txt ] || fail "a list of nothing"

# Too few.
refused 2 'faces:15' '15 pictures' 'batch of 16' -- --config net.ini --out run2 --data faces:15
train 2 --config net.ini --out run2 --data faces:16

# Labels that are not there, or too large.
write_conditional net3.ini
write_idx labelled 40 16 16
train 2 --config net3.ini --data labelled --out run3
mv labelled-labels elsewhere
refused 2 labelled labels -- --config net3.ini --data labelled --out run4
mv elsewhere labelled-labels
refused 2 'labels are 0 to 2' 'set data.classes to 3' -- --config net3.ini --set data.classes=2 --data labelled --out run4
refused 2 good labels -- --config net3.ini --data good --out run4
refused 2 labels -- --config net3.ini --data faces:40 --out run4
refused 2 labels -- --preset cdcgan-mnist --data good --out run5

# A torn IDX file, one of other bytes.
head -c 5000 labelled >torn-idx3-ubyte
refused 2 torn-idx3-ubyte -- --config net.ini --data torn-idx3-ubyte --out run6
refused 2 net.ini -- --config net.ini --data net.ini --out run6
