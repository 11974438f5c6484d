#!/usr/bin/env bash
# right_data.sh PROGRAM: what a run is trained on is what was named, and is said: classes and their numbers, what is left out of a
# folder, drawn faces or a folder of that name, folders of runs among the pictures; what cannot learn is refused, or warned of.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini
sed -i -e 's/^steps = 20/steps = 1/' -e 's/^sample_every = 5/sample_every = 0/' net.ini
write_conditional net3.ini
sed -i -e 's/^steps = 20/steps = 1/' -e 's/^sample_every = 5/sample_every = 0/' net3.ini
folders=(--config net3.ini --set data.labels=folders)

train 0 --config net.ini --out maker
train 0 generate --checkpoint "$(newest maker)" --mode images --out pictures --num 64
taken=0
# put COUNT FOLDER: so many pictures, none of which lies elsewhere.
put() {
    local i name
    mkdir -p "$2"
    for ((i = 0; i < $1; i++)); do
        printf -v name %06d $((taken++ % 64))
        cp "pictures/$name.png" "$2/"
    done
}
no_control_bytes() {
    if LC_ALL=C grep -n $'[\001-\010\013-\037\177]' "$@"; then fail "control bytes in what is printed"; fi
}
# labels_of FILE: of an IDX file of labels, as a line.
labels_of() {
    tail -c +9 "$1" | od -An -v -tu1 | xargs
}
silent() {
    [ ! -s err ] || fail "not silent: $(cat err)"
}

# --- classes: number, name and count of each -----------------------------------------------------------
odd=(Zebra 'a b' $'c\001\033[31md' m-empty 'naïve 猫' $'q"\\z' $'x\xffy')
put 4 odd/Zebra
put 5 'odd/a b/below/deep'
put 6 "odd/${odd[2]}"
mkdir odd/m-empty
put 3 'odd/naïve 猫'
put 2 "odd/${odd[5]}"
put 1 "odd/${odd[6]}"
line='classes      7: 0 Zebra (4), 1 a b (5), 2 c??[31md (6), 3 m-empty (0), 4 naïve 猫 (3), 5 q"\z (2), 6 x?y (1)'
train 0 check "${folders[@]}" --data odd --set data.classes=7
says out "$line"
says err 'class 3 (folder m-empty) has no pictures'
no_control_bytes out err
train 2 "${folders[@]}" --data odd --set data.classes=7 --out named
says out "$line"
[ "$(grep -c '^warning: class 3 (folder m-empty) has no pictures' err)" -eq 1 ] || fail "an empty class is not warned of, once"
no_control_bytes out err named/config.ini
wanted=('# 0 Zebra' '# 1 a b' '# 2 c??[31md' '# 3 m-empty' '# 4 naïve 猫' '# 5 q"\z' '# 6 x?y')
grep '^# [0-9]' named/config.ini >comments
[ "$(cat comments)" = "$(printf '%s\n' "${wanted[@]}")" ] || fail "the classes in config.ini: $(cat comments)"
train 0 info "$(newest named)"
says out 'gan_dist.classes = Zebra/a b/c??[31md/m-empty/naïve 猫/q"\z/x?y'
# It is a configuration still, and the run goes on.
train 0 --config named/config.ini --steps 2
says out 'resuming from named/checkpoints/step-00000001'

# The numbers do not depend on what happens to be empty.
train 0 pack "${folders[@]}" --data odd --set data.classes=7 --out odd.idx
[ "$(labels_of odd.idx-labels)" = '0 0 0 0 1 1 1 1 1 2 2 2 2 2 2 4 4 4 5 5 6' ] || fail "labels: $(labels_of odd.idx-labels)"
put 1 odd/m-empty
train 0 pack "${folders[@]}" --data odd --set data.classes=7 --out full.idx
[ "$(labels_of full.idx-labels)" = '0 0 0 0 1 1 1 1 1 2 2 2 2 2 2 3 4 4 4 5 5 6' ] || fail "labels: $(labels_of full.idx-labels)"
# Neither on what holds no picture by its name, nor on bad pictures only; a hidden folder is no class.
put 8 three/b
put 9 three/c
mkdir three/a three/.hidden
touch three/a/notes.txt
train 0 "${folders[@]}" --data three --out notes
says out 'classes      3: 0 a (0), 1 b (8), 2 c (9)'
says err 'class 0 (folder a) has no pictures'
: >three/a/empty.png
train 0 "${folders[@]}" --data three --out bad
says out 'classes      3: 0 a (0), 1 b (8), 2 c (9)'
says err 'class 0 (folder a) has no pictures'
# Of many classes the first and the last, and in config.ini all.
for i in {10..29}; do put 1 "many/k$i"; done
train 0 "${folders[@]}" --data many --set data.classes=20 --out many-run
says out 'classes      20: 0 k10 (1), 1 k11 (1), 2 k12 (1), 3 k13 (1), ..., 16 k26 (1), 17 k27 (1), 18 k28 (1), 19 k29 (1)'
silent
[ "$(grep -c '^# [0-9]* k[0-9]*$' many-run/config.ini)" -eq 20 ] || fail "not all of 20 classes are in config.ini"
# A long name of more bytes than a line has room for is cut between characters.
long=x$(printf '猫%.0s' {1..40})
put 8 "long/$long"
put 8 long/y
train 0 "${folders[@]}" --data long --set data.classes=2 --out long-run
iconv -f UTF-8 -t UTF-8 out >/dev/null || fail "a name is cut inside a character"
says long-run/config.ini "# 0 $long" '# 1 y'

# --- data.classes is not their number -------------------------------------------------------------------
put 1 three/a
refuses 2 0 'three' 'labels are 0 to 2' 'set data.classes to 3' -- "${folders[@]}" --set data.classes=2 --data three --out few
refused 2 'set data.classes to 3' -- check "${folders[@]}" --set data.classes=1 --data three --out few
train 0 "${folders[@]}" --set data.classes=5 --data three --out more
says out 'classes      5: 0 a (1), 1 b (8), 2 c (9), 3 (0), 4 (0)'
says err 'class 3 has no pictures, nor have others'
# A class more than data.classes, which happens to be empty.
mkdir three/d
run 0 "${folders[@]}" --data three --out surplus
if [ "$status" -eq 0 ]; then
    train 0 info "$(newest surplus)"
    says out 'gan_dist.classes = a/b/c'
    if grep -q 'gan_dist.classes = a/b/c/' out; then fail "a network of 3 classes with names of 4"; fi
fi

write_idx digits 40 16 16
refuses 2 0 digits 'labels are 0 to 2' 'set data.classes to 3' -- --config net3.ini --set data.classes=2 --data digits --out idx
train 0 --config net3.ini --set data.classes=4 --data digits --out idx
says out 'classes      4: 0 (14), 1 (13), 2 (13), 3 (0)'
says err 'class 3 has no pictures'
if grep -q '^# 0' idx/config.ini; then fail "names of classes that have none"; fi
train 0 info "$(newest idx)"
if grep -q 'gan_dist.classes' out; then fail "names of classes that have none"; fi

# write_labels FILE COUNT FIRST CLASSES
write_labels() {
    local i
    be32 $((0x801)) >"$1"
    be32 "$2" >>"$1"
    # shellcheck disable=SC2059
    for ((i = 0; i < $2; i++)); do printf "\\x$(printf %02x $(($3 + i % $4)))"; done >>"$1"
}
# Labels that begin at 1: the number that would do, and that does.
write_labels digits-labels 40 1 10
refused 2 digits 'labels are 1 to 10' 'set data.classes to 11' 'class 0' -- --config net3.ini --set data.classes=10 --data digits \
    --out ones
train 0 --config net3.ini --set data.classes=11 --data digits --out ones
says err 'class 0 has no pictures'
write_labels digits-labels 40 1 3
refuses 2 0 'set data.classes to 4' -- check --config net3.ini --data digits
write_labels digits-labels 40 255 1
refuses 2 0 'labels are 255 to 255' 'set data.classes to 256' -- --config net3.ini --data digits --out ones
# As 32 bits: more than can be, and less.
# write_words FILE COUNT NUMBER
write_words() {
    local i
    {
        be32 $((0xc01))
        be32 "$2"
        for ((i = 0; i < $2; i++)); do be32 "$3"; done
    } >"$1"
}
write_words digits-labels 40 2
train 0 check --config net3.ini --data digits
write_words digits-labels 40 $((0x7fffffff))
refuses 2 0 digits -- check --config net3.ini --data digits
if grep -q -e 'classes to -' err; then fail "a number that would not do"; fi
write_words digits-labels 40 70000
refuses 2 0 digits 70000 -- check --config net3.ini --data digits
if grep -q 'set data.classes to 70001' err; then fail "a number that cannot be set"; fi
write_words digits-labels 40 $((0xffffffff))
refuses 2 0 'label -1' -- check --config net3.ini --data digits

# --- parts of a set are no classes -----------------------------------------------------------------------
put 9 parts/train/cat
put 9 parts/train/dog
put 9 parts/test/cat
put 9 parts/test/dog
two=("${folders[@]}" --set data.classes=2)
refuses 2 0 parts 'part of a set' '--data parts/train' -- "${two[@]}" --data parts --out part
refuses 2 0 'part of a set' -- check "${two[@]}" --data parts/ --out part
train 0 "${two[@]}" --data parts/train --out part
says out 'classes      2: 0 cat (9), 1 dog (9)'
train 0 check --config net.ini --data parts # without labels all of them are pictures
says out '36 pictures'
for name in val Valid VALIDATION TEST training dev eval; do
    rm -rf parts/test other
    mkdir other
    cp -r parts/train/cat parts/train/dog other/
    mv other/dog "other/$name"
    refuses 2 0 "$name" 'part of a set' -- check "${two[@]}" --data other
done
mkdir other/test other/cat2 # also where it is empty, or one among others
rm -r "other/$name"
refuses 2 0 'folder test' -- check "${two[@]}" --data other
# What only begins so is a class.
mv other/test other/trains
mv other/cat2 other/vale
train 0 check "${folders[@]}" --data other --batch 9 --shards 1
says out '0 cat (9), 1 trains (0), 2 vale (0)'

# --- what may not be read ----------------------------------------------------------------------------------
put 9 closed/cat/inner
put 9 closed/cat
put 9 closed/dog
put 1 closed/lost+found
closed() {
    local as=()
    if [ "$(id -u)" -eq 0 ]; then
        as=(setpriv --reuid=54321 --regid=54321 --clear-groups)
        chmod 755 .
    fi
    command=("${as[@]}" "$gan" "$@")
    start_command "$temp/out" "$temp/err"
    wait_for_end
}
if [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null; then
    mkdir -m 777 outs
    chmod -R a+rX closed net3.ini net.ini
    for place in dog cat/inner; do
        chmod 0 "closed/$place"
        for word in train check; do
            closed "$word" "${two[@]}" --data closed --out outs/run
            [ "$status" -eq 2 ] || fail "$word, $place closed: exit status $status"
            says err "closed: cannot open the folder $place: Permission denied"
        done
        chmod 755 "closed/$place"
    done
    # Listed, but its files cannot be opened: bad files, which say why.
    chmod 444 closed/dog
    closed train "${two[@]}" --data closed --out outs/listed
    [ "$status" -eq 2 ] || fail "all pictures of a class unreadable: exit status $status"
    says err '9 of 27' 'Permission denied'
    says outs/listed/bad-files.txt 'closed/dog/' 'Permission denied'
    # Without classes a closed folder is one that is bad.
    chmod 0 closed/dog
    closed train --config net.ini --data closed --out outs/none
    [ "$status" -eq 0 ] || fail "a closed folder among readable ones: exit status $status"
    says outs/none/bad-files.txt $'closed/dog\tunreadable: Permission denied'
    chmod 755 closed/dog
    # That of a disk is no class.
    chmod 700 closed/lost+found
    closed train "${two[@]}" --data closed --out outs/disk
    [ "$status" -eq 0 ] || fail "lost+found is closed: exit status $status"
    says out '0 cat (18), 1 dog (9)'
    says outs/disk/bad-files.txt 'closed/lost+found'
    # The folder itself.
    chmod 0 closed
    closed check "${two[@]}" --data closed --out outs/top
    [ "$status" -eq 2 ] || fail "the folder of the data closed: exit status $status"
    says err 'closed: ' 'Permission denied'
    chmod 755 closed
fi

# --- what is left out by its name ----------------------------------------------------------------------------
put 20 mixed/below
for i in 1 2 3; do cp pictures/000000.png "mixed/$i.webp"; done
cp pictures/000000.png mixed/below/x.WebP
cp pictures/000000.png mixed/noending
cp pictures/000000.png 'mixed/two words.gif'
cp pictures/000000.png mixed/ends.
touch mixed/below/a.txt mixed/b.txt mixed/.hidden.webp mixed/png
mkdir mixed/folder.webp
train 0 --config net.ini --data mixed --out mixed-run
says out '20 pictures' '10 left out: .webp 4, ' '.txt 2' '.gif 1' 'without an ending 2' '; see mixed-run/bad-files.txt'
[ "$(grep -c $'\tleft out: not a file with a name in .jpg, .jpeg or .png$' mixed-run/bad-files.txt)" -eq 10 ] ||
    fail "not all that was left out is listed: $(cat mixed-run/bad-files.txt)"
says mixed-run/bad-files.txt $'mixed/two words.gif\t' $'mixed/below/x.WebP\t' $'mixed/png\t'
if grep -q hidden mixed-run/bad-files.txt; then fail "a hidden file is listed"; fi
train 0 check --config net.ini --data mixed
says out '20 pictures' '10 left out: .webp 4'
touch $'mixed/name.\033[31m'
train 0 check --config net.ini --data mixed
says out '.?[31m 1'
no_control_bytes out
rm $'mixed/name.\033[31m'
# More kinds than are told apart, and endings that are none.
for i in {10..40}; do touch "mixed/f.e$i"; done
touch mixed/name.with-an-ending-of-more-bytes-than-any-has
train 0 check --config net.ini --data mixed
says out '42 left out: .webp 4' 'others'
# It is one list with the bad ones; and gone with its reason.
: >mixed/bad.png
train 0 --config net.ini --data mixed --out mixed-run2
says mixed-run2/bad-files.txt $'mixed/bad.png\tempty' $'mixed/b.txt\tleft out'
find mixed -type f ! -name '*.png' -delete
rm mixed/bad.png
rm -f mixed/png
train 0 --config net.ini --data mixed --out mixed-run2 --resume auto --steps 2
[ ! -e mixed-run2/bad-files.txt ] || fail "a stale list of what is not there"
if grep -q 'left out' out; then fail "something is left out of nothing but pictures"; fi
# Nothing but what is left out.
mkdir webps
touch webps/{1..20}.webp
refuses 2 0 webps 'nothing found' .jpg -- --config net.ini --data webps --out none

# --- drawn faces, or a folder of that name ---------------------------------------------------------------------
put 20 faces
train 0 check --config net.ini --data faces
says out '20 pictures' 'the folder faces'
train 0 check --config net.ini --data faces:100
says out '100 pictures' 'drawn faces'
mkdir faces:30
cp faces/* faces:30/
train 0 check --config net.ini --data faces:30
says out '20 pictures' 'the folder faces:30'
rm -r faces faces:30
train 0 check --config net.ini --data faces
says out '8192 pictures' 'drawn faces'
# One that is there and empty is no reason to draw.
mkdir faces
refuses 2 0 faces 'nothing found' -- check --config net.ini --data faces
rmdir faces
ln -s nowhere faces # of a disk that is not mounted
refuses 2 0 faces -- check --config net.ini --data faces
train 0 check --config net.ini --data faces:17
says out '17 pictures'
for words in faces:0 faces: faces:-1 faces:1x faces:99999999999999999999; do
    refuses 2 0 "$words" -- check --config net.ini --data "$words"
done
rm faces

# --- folders of runs among the pictures ----------------------------------------------------------------------------
# sees COUNT WORD...
sees() {
    train 0 "${@:2}"
    says "$temp/out" "data         $1 pictures"
}
put 20 mine
cp net.ini mine/.net.ini
cd mine
# In the default folder, in a nested one, in the very folder, as a link; with grids, and each of them twice.
for out in '' --out=a/b/c --out=. --out=../mine/d; do
    for steps in 2 4; do
        sees 20 --config .net.ini --data . ${out:+"$out"} --steps "$steps" --sample-every 1
        [ "$steps" = 2 ] || says "$temp/out" 'resuming from '
    done
done
says "$temp/out" 'of runs left out'
cd ..
sees 20 --config net.ini --data mine --out other-run
says out '4 folders of runs left out'
says other-run/bad-files.txt $'left out: the folder of a run'
# A run's folder is no class.
put 9 kinds/cat
put 9 kinds/dog
for steps in 1 2; do
    train 0 "${two[@]}" --data kinds --out kinds/birds --steps "$steps" --sample-every 1
    says out '0 cat (9), 1 dog (9)'
    train 0 "${two[@]}" --data kinds --out kinds/cat/run --steps "$steps" --sample-every 1
    says out '0 cat (9), 1 dog (9)'
done
train 2 "${two[@]}" --data kinds --out kinds/birds --steps 3
says out '0 cat (9), 1 dog (9)'
# What only looks like one is a class: checkpoints/ without a lock.
put 2 kinds/lock/checkpoints
train 0 check "${folders[@]}" --data kinds
says out '2 lock (2)'

# --- batch norm of one value: before the first step --------------------------------------------------------------------
dense=(--set 'generator.layers=dense 32 bn relu | dense 16x16x1 tanh' --set 'discriminator.layers=dense 8 lrelu | dense 1')
one_value='batch norm over one value'
for word in train check; do
    refuses 2 0 generator "$one_value" '--batch 2' -- "$word" --config net.ini "${dense[@]}" --batch 1 --out bn
    refuses 2 0 generator "$one_value" train.shards train.bn -- "$word" --config net.ini "${dense[@]}" --batch 8 --shards 8 \
        --set train.bn=shard --out bn
    refuses 2 0 discriminator "$one_value" -- "$word" --config net.ini --batch 1 --out bn \
        --set 'discriminator.layers=conv 4 s2 8 lrelu | dense 8 bn lrelu | dense 1'
    [ ! -e bn/log.csv ] || fail "$word: refused after the first step"
done
refuses 2 2 "$one_value" -- check --config net.ini "${dense[@]}" --batch 2 --set train.bn=shard
# Two values are enough: of two pictures, of two pixels, of the whole batch.
train 0 --config net.ini "${dense[@]}" --batch 2 --out bn-two
train 0 --config net.ini "${dense[@]}" --batch 8 --shards 8 --out bn-global
train 2 --config net.ini "${dense[@]}" --batch 2 --shards 2 --out bn-ranks
train 0 --config net.ini --batch 1 --out bn-pixels
train 0 --config net.ini "${dense[@]}" --batch 8 --shards 4 --set train.bn=shard --out bn-shards

# --- a discriminator that has won --------------------------------------------------------------------------------------
won='D tells all pictures apart'
lost=(--config net.ini --set discriminator.learning_rate=0.01 --set generator.learning_rate=1e-9)
train 2 "${lost[@]}" --out won --steps 400 --log-every 10
[ "$(grep -c "^warning: since step [0-9]* $won" err)" -eq 1 ] || fail "not said once: $(cat err)"
# A few lines of it, or a few steps, say nothing yet; and a fair game never does.
train 0 "${lost[@]}" --out won-few --steps 400 --log-every 100
if grep -q "$won" err; then fail "said after four lines"; fi
train 0 --config net.ini --out fair --steps 200 --log-every 5
if grep -q "$won" err; then fail "said of a fair game"; fi
