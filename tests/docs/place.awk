# place.awk: FILE with the lines of BLOCK put where they belong: above the line that begins most like the block's first. They take
# its indentation and, in a macro, its continuation. Ends with 1 when no line begins alike.
#   awk -f place.awk BLOCK FILE
function alike(a, b,    n) {
    n = 0
    while (n < length(a) && substr(a, n + 1, 1) == substr(b, n + 1, 1)) n++
    return n
}

FNR == NR { block[++rows] = $0; next }

{
    line[FNR] = $0
    text = $0
    sub(/^ +/, "", text)
    common = alike(block[1], text)
    if (common > best) {
        best = common
        at = FNR
    }
}

END {
    if (best < 2) exit 1
    indent = line[at]
    sub(/[^ ].*/, "", indent)
    for (i = 1; i <= FNR; i++) {
        if (i == at)
            for (k = 1; k <= rows; k++)
                if (line[at] ~ /\\$/ || line[at - 1] ~ /\\$/) printf "%-109s\\\n", indent block[k]
                else print (block[k] == "" ? "" : indent block[k])
        print line[i]
    }
}
