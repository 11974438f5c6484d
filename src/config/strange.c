/* strange.c: the names of characters that look like plain ones, or like nothing. */
#include "strange.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct {
    uint32_t first, last;
    const char *name;
    bool blank; /* it cannot be seen */
} names[] = {
    {0x00a0, 0x00a0, "a no-break space", true},
    {0x00ad, 0x00ad, "a soft hyphen", true},
    {0x2000, 0x200a, "a space of another width", true},
    {0x200b, 0x200f, "a character without width", true},
    {0x2010, 0x2015, "a dash", false},
    {0x2018, 0x201b, "a curly quote", false},
    {0x201c, 0x201f, "a curly quote", false},
    {0x2026, 0x2026, "an ellipsis", false},
    {0x2028, 0x2029, "a line separator", true},
    {0x202a, 0x202e, "a character without width", true},
    {0x202f, 0x202f, "a narrow no-break space", true},
    {0x205f, 0x205f, "a space of another width", true},
    {0x2060, 0x2064, "a character without width", true},
    {0x2212, 0x2212, "a minus sign", false},
    {0x3000, 0x3000, "a full-width space", true},
    {0xfeff, 0xfeff, "a byte-order mark", true},
    {0xff01, 0xff5e, "a full-width", false}, /* "a full-width '='": ASCII from '!' on */
};

/* The character at `p`, of at most `n` bytes; its length, 0 if it is no UTF-8. */
static size_t decode(uint32_t *out, const unsigned char *p, size_t n)
{
    size_t length = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : 4;
    if (length > n || p[0] > 0xf4 || (p[0] >= 0x80 && p[0] < 0xc2))
        return 0;
    *out = length == 1 ? p[0] : p[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *out = *out << 6 | (p[i] & 0x3f);
    }
    return length;
}

/* Its place in the table; -1: in none. */
static int row_of(uint32_t c)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (c >= names[i].first && c <= names[i].last)
            return (int)i;
    return -1;
}

static const char *name_it(char *out, size_t room, const unsigned char *p, size_t n)
{
    uint32_t c;
    if (decode(&c, p, n) == 0) {
        snprintf(out, room, "byte 0x%02x, which is no UTF-8,", p[0]);
        return out;
    }
    int row = row_of(c);
    if (row >= 0 && c >= 0xff01 && c <= 0xff5e)
        snprintf(out, room, "%s '%c' (U+%04X)", names[row].name, (char)(c - 0xff01 + '!'), (unsigned)c);
    else
        snprintf(out, room, "%s (U+%04X)", row >= 0 ? names[row].name : "a character that is not ASCII",
                 (unsigned)c);
    return out;
}

const char *gan_strange_find(char *out, size_t room, const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < n; i++)
        if (p[i] >= 0x80)
            return name_it(out, room, p + i, n - i);
    return NULL;
}

static bool is_unseen(const unsigned char *p, size_t n)
{
    uint32_t c;
    int row = decode(&c, p, n) > 1 ? row_of(c) : -1;
    return row >= 0 && names[row].blank;
}

const char *gan_strange_end(char *out, size_t room, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = strlen(text), last = n;
    while (last > 0 && (p[last - 1] & 0xc0) == 0x80)
        last--;
    last -= last > 0;
    if (n > 0 && is_unseen(p, n))
        return name_it(out, room, p, n);
    if (n > 0 && is_unseen(p + last, n - last))
        return name_it(out, room, p + last, n - last);
    return NULL;
}
