/* text.c: a text file as another editor or system has saved it, made plain. */
#include "gan_dist/base.h"

#include <stdlib.h>
#include <string.h>

#define HIGH_FIRST 0xd800u /* of a pair of units for one character above U+FFFF */
#define LOW_FIRST  0xdc00u
#define LOW_END    0xe000u

/* How the units of UTF-16 are found: by its mark, or by the zero bytes beside a first letter of ASCII. */
static bool is_utf_16(const uint8_t *p, size_t n, bool *big, size_t *mark)
{
    bool little_mark = n >= 2 && p[0] == 0xff && p[1] == 0xfe,
         big_mark = n >= 2 && p[0] == 0xfe && p[1] == 0xff;
    *mark = little_mark || big_mark ? 2 : 0;
    bool little_text = n >= 4 && p[0] && p[0] < 0x80 && !p[1] && p[2] && !p[3];
    bool big_text = n >= 4 && !p[0] && p[1] && p[1] < 0x80 && !p[2] && p[3];
    *big = big_mark || (!little_mark && big_text);
    return little_mark || big_mark || little_text || big_text;
}

static char *put_character(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3f));
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xe0 | c >> 12);
        } else {
            *out++ = (char)(0xf0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    }
    return out;
}

static uint32_t unit(const uint8_t *p, bool big)
{
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static gan_status from_utf_16(char **text, size_t *n, bool big, size_t mark, const char *origin)
{
    const uint8_t *in = (const uint8_t *)*text, *end = in + *n;
    char *out = malloc(*n / 2 * 3 + 1), *to = out; /* two bytes become three at most, four become four */
    if (!out)
        return gan_error(GAN_FAILED, "%s: out of memory", origin);
    bool broken = *n % 2 != 0;
    for (in += mark; !broken && end - in >= 2; in += 2) {
        uint32_t c = unit(in, big);
        if (c >= HIGH_FIRST && c < LOW_END) {
            uint32_t low = c < LOW_FIRST && end - in >= 4 ? unit(in + 2, big) : 0;
            broken = low < LOW_FIRST || low >= LOW_END;
            c = 0x10000 + ((c - HIGH_FIRST) << 10) + (low - LOW_FIRST);
            in += 2;
        }
        broken = broken || c == 0;
        if (!broken)
            to = put_character(to, c);
    }
    if (broken) {
        free(out);
        return gan_error(GAN_BAD_INPUT, "%s: damaged or cut UTF-16 text, or UTF-32: save it as UTF-8",
                         origin);
    }
    *to = '\0';
    free(*text);
    *text = out;
    *n = (size_t)(to - out);
    return GAN_OK;
}

/* Line ends: LF; CR LF, of Windows, also with CR doubled by a wrong transfer; CR, of old Macs. */
static size_t mend_lines(char *text, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t end = i;
        while (end < n && end < i + 2 && text[end] == '\r')
            end++;
        if (end < n && text[end] == '\n')
            i = end;
        text[kept++] = text[i] == '\r' ? '\n' : text[i];
    }
    return kept;
}

gan_status gan_text_plain(char **text, size_t *n, const char *origin)
{
    static const char utf_8_mark[] = "\xef\xbb\xbf";
    bool big;
    size_t mark;
    if (is_utf_16((const uint8_t *)*text, *n, &big, &mark))
        GAN_TRY(from_utf_16(text, n, big, mark, origin));
    mark = *n >= 3 && memcmp(*text, utf_8_mark, 3) == 0 ? 3 : 0;
    memmove(*text, *text + mark, *n - mark);
    *n = mend_lines(*text, *n - mark);
    if (*n > 0 && (*text)[*n - 1] == 0x1a) /* which ended a text under DOS */
        --*n;
    (*text)[*n] = '\0';
    return GAN_OK;
}
