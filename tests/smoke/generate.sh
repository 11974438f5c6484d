#!/usr/bin/env bash
# generate.sh PROGRAM NAME_CLASSES: grids and single pictures from checkpoints.
name_classes=$(realpath "${2:?NAME_CLASSES}")
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini
train 2 --config net.ini --out run --sample-every 0
plain=$(newest run)

# generate WORDS...: must succeed; alone, since it needs no other rank.
generate() {
    train 0 generate "$@"
}

# Any number, whatever the batch and the threads.
generate --checkpoint "$plain" --out grid.png
png_is grid.png 128 128 # 64 pictures
generate --checkpoint "$plain" --out one.png --num 1
png_is one.png 16 16
generate --checkpoint "$plain" --out seven.png --num 7
png_is seven.png 48 48
generate --checkpoint "$plain" --out hundred.png --num 100
png_is hundred.png 160 160
generate --checkpoint "$plain" --out threads.png --num 100 --threads 2
same hundred.png threads.png
generate --checkpoint "$plain" --out threads.png --num 7 --threads 2
same seven.png threads.png

# The training's own grid comes from the same noise: step 20's, 10 pictures, seed of the run.
train 0 --config net.ini --out sampled
generate --checkpoint "$(newest sampled)" --out ten.png --num 10
same ten.png sampled/samples/step-00000020.png

# Of a folder the newest checkpoint, and it is said which.
for folder in run run/ run/checkpoints run/checkpoints/ "$PWD/run"; do
    generate --checkpoint "$folder" --out newest.png
    says out "the newest checkpoint of $folder: " "$(basename "$plain")"
    same newest.png grid.png
done
(cd run/checkpoints && "$gan" generate --checkpoint . --out ../../newest.png)
same newest.png grid.png
cp -r run older
head -c 20000 "$plain" >"older/checkpoints/step-00000099.safetensors"
generate --checkpoint older --out newest.png
says err 'warning: ' step-00000099
says out "$(basename "$plain")"
same newest.png grid.png
mkdir -p empty/checkpoints nothing
refuses 2 0 'no checkpoint there: looked for empty/checkpoints/step-*.safetensors' -- generate --checkpoint empty --out no.png
refuses 2 0 'looked for nothing/checkpoints/step-*.safetensors' -- generate --checkpoint nothing --out no.png

# The seed decides.
generate --checkpoint "$plain" --out again.png
same grid.png again.png
generate --checkpoint "$plain" --out other.png --seed 5
generate --checkpoint "$plain" --out other_again.png --seed=5
same other.png other_again.png
if cmp -s grid.png other.png; then fail "another seed gives the same pictures"; fi

# Single pictures; the first of them whatever their number.
generate --checkpoint "$plain" --mode images --out hundred --num 100
[ "$(find hundred -type f | wc -l)" -eq 100 ] || fail "not 100 files"
generate --checkpoint "$plain" --mode images --out seven --num 7 --threads 2
[ "$(ls seven | paste -sd' ')" = '000000.png 000001.png 000002.png 000003.png 000004.png 000005.png 000006.png' ] ||
    fail "$(ls seven): other names"
for i in 0 3 6; do
    png_is "seven/00000$i.png" 16 16
    same "seven/00000$i.png" "hundred/00000$i.png"
done
same seven/000000.png one.png
if cmp -s seven/000000.png seven/000001.png; then fail "two pictures are the same"; fi

# Under mpirun the first copy does it, and all end well.
train 2 generate --checkpoint "$plain" --out mpi.png --num 7
same mpi.png seven.png
[ "$(wc -l <out)" -eq 1 ] || fail "more than one copy speaks"

# Labels.
write_conditional net3.ini
write_idx labelled 80 16 16
train 2 --config net3.ini --data labelled --out run3 --sample-every 0
labels=$(newest run3)
generate --checkpoint "$labels" --out all.png --num 9
png_is all.png 48 48 # a column a class
generate --checkpoint "$labels" --out two.png --num 9 --class 2
if cmp -s all.png two.png; then fail "--class changes nothing"; fi
generate --checkpoint "$labels" --mode images --out all --num 9
generate --checkpoint "$labels" --mode images --out two --num 9 --class 2
same all/000002.png two/000002.png
same all/000005.png two/000005.png
if cmp -s all/000000.png two/000000.png; then fail "class 0 and class 2 look the same"; fi

# By name. "2" and "0" are names of other classes than 2 and 0; "1" is class 1 either way.
"$name_classes" "$labels" named.safetensors 'cat/dog/red panda'
generate --checkpoint named.safetensors --out panda.png --num 9 --class 'red panda'
same panda.png two.png
generate --checkpoint named.safetensors --out panda.png --num 9 --class 2
same panda.png two.png
refused 2 '--class dgo: unknown (did you mean dog?); there are cat, dog, red panda, or the numbers 0 to 2' -- \
    generate --checkpoint named.safetensors --out no.png --class dgo
refuses 2 0 'the numbers 0 to 2' -- generate --checkpoint named.safetensors --out no.png --class 3
train 0 info named.safetensors
sed -n '/^classes$/,/^$/p' out >classes
printf 'classes\n      0  cat\n      1  dog\n      2  red panda\n\n' >wanted
same classes wanted
"$name_classes" "$labels" digits.safetensors '2/1/0'
refuses 2 0 'class 0 has this name, and class 2 this number' '--class name:2 or --class number:2' -- \
    generate --checkpoint digits.safetensors --out no.png --class 2
for class in name:0 number:2; do
    generate --checkpoint digits.safetensors --out digits.png --num 9 --class "$class"
    same digits.png two.png
done
generate --checkpoint digits.safetensors --out digits.png --num 9 --class 1
"$name_classes" "$labels" twins.safetensors 'a?/a?/b'
refuses 2 0 'number:0 or number:1' -- generate --checkpoint twins.safetensors --out no.png --class 'a?'
"$name_classes" "$labels" nameless.safetensors
refused 2 '--class cat' '0 to 2' 'by number only' -- generate --checkpoint nameless.safetensors --out no.png --class cat
train 0 info nameless.safetensors
if grep -x classes out; then fail "info lists classes that have no names"; fi

# What it refuses; nothing appears, nothing is replaced.
before=$(sha256sum grid.png)
refused 2 '--class 3' '0 to 2' -- generate --checkpoint "$labels" --out no.png --class 3
refused 2 '--class -1' '0 to 2' -- generate --checkpoint "$labels" --out no.png --class -1
refused 2 '--class cat' '0 to 2' -- generate --checkpoint "$labels" --out no.png --class cat
refuses 2 0 '--class 1' 'no classes' -- generate --checkpoint "$plain" --out no.png --class 1
refuses 2 0 '--num 0' -- generate --checkpoint "$plain" --out no.png --num 0
refuses 2 0 '--num many' -- generate --checkpoint "$plain" --out no.png --num many
refuses 2 0 '--mode gird' 'grid' 'images' -- generate --checkpoint "$plain" --out no.png --mode gird
refuses 2 0 '--checkpoint' -- generate --out no.png
refuses 2 0 '--out' -- generate --checkpoint "$plain"
refuses 2 0 nowhere.safetensors 'No such file' -- generate --checkpoint nowhere.safetensors --out no.png
refuses 2 0 '--checkpont' '--checkpoint' -- generate --checkpont "$plain" --out no.png
head -c 20000 "$plain" >torn
refused 1 torn -- generate --checkpoint torn --out grid.png
refused 1 net.ini -- generate --checkpoint net.ini --out grid.png
[ ! -e no.png ] || fail "a picture in spite of the refusal"
[ "$(sha256sum grid.png)" = "$before" ] || fail "grid.png was replaced"
touch in-the-way
refuses 2 0 in-the-way -- generate --checkpoint "$plain" --mode images --out in-the-way/pictures
refuses 2 0 in-the-way -- generate --checkpoint "$plain" --out in-the-way/grid.png
refuses 2 0 'is a folder' -- generate --checkpoint "$plain" --out seven
for name in no.jpg no.JPEG no.webp no.gif no.safetensors; do
    refuses 2 0 "$name" 'name it no.png' -- generate --checkpoint "$plain" --out "$name"
    [ ! -e "$name" ] || fail "$name in spite of the refusal"
done
refuses 2 0 'is a folder' -- generate --checkpoint "$plain" --out no/
for name in grid.PNG grid faces.2 new.jpg/grid; do # no ending, or none of a file's
    generate --checkpoint "$plain" --out "$name"
    same "$name" grid.png
done
for name in no.png no.jpg; do
    refuses 2 0 "$name" 'writes a folder of PNG files' -- generate --checkpoint "$plain" --mode images --out "$name"
done

# Pictures of another call stay apart.
kept=$(snapshot seven)
refuses 2 0 'seven: 7 pictures are in this folder already' 'another --out' -- \
    generate --checkpoint "$plain" --mode images --out seven --num 7
refuses 2 0 '7 pictures' -- generate --checkpoint "$plain" --mode images --out seven --num 3
unchanged seven "$kept"
mkdir -p album.png texts
touch album.png/cat.JPG texts/notes.txt
refuses 2 0 '1 picture is in this folder already' -- generate --checkpoint "$plain" --mode images --out album.png --num 1
generate --checkpoint "$plain" --mode images --out texts --num 1
generate --checkpoint "$plain" --out new/folder/grid.png
same grid.png new/folder/grid.png
