# blocks.awk: the C blocks of the pages it is given, each into a file of its own: FOLDER/1, FOLDER/2 ... A line for each on standard
# output: number, where it stands, and the file that the page names for it, which is the last one named before it in its
# paragraph or item of a list. What cannot be a block that belongs somewhere is a line that begins with "bad".
#   awk -v folder=FOLDER -f blocks.awk PAGE...
function name_in(text) {
    while (match(text, /`(src|include|tests)\/[^` ]*`/)) {
        file = substr(text, RSTART + 1, RLENGTH - 2)
        text = substr(text, RSTART + RLENGTH)
    }
}

FNR == 1 {
    if (fence) print "bad " where ": its block has no end"
    fence = 0
    file = ""
}

!fence && /^ *```/ {
    where = FILENAME ":" FNR
    indent = index($0, "`") - 1
    language = substr($0, indent + 4)
    fence = 1
    if (language == "c") {
        number++
        printf "" >(folder "/" number)
        print number, where, file == "" ? "-" : file
    } else if (language != "") {
        print "bad " where ": a block of " language " that nothing compiles"
    }
    next
}

fence && /^ *```$/ {
    if (language == "c") close(folder "/" number)
    fence = 0
    next
}

fence && language == "c" {
    if ($0 != "" && substr($0, 1, indent) !~ /^ *$/) print "bad " FILENAME ":" FNR ": indented less than its block"
    print substr($0, indent + 1) >(folder "/" number)
    next
}

fence && /[;{]$|^ *#include/ { print "bad " FILENAME ":" FNR ": C in a block that does not say ```c" }

!fence && (/^([0-9]+\.|\*) / || blank && /^[^ ]/) { file = "" }
!fence {
    name_in($0)
    blank = $0 == ""
}

END { if (fence) print "bad " where ": its block has no end" }
