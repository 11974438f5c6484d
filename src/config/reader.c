/* inih splits names from values and follows sections. It reads lines into a buffer of its own,
 * 200 bytes in Debian's build, and cuts longer ones without a word; so the reader below
 * hands a long line over in pieces that fit, and take_piece() puts the value together again.
 * Line numbers are counted here for the same reason. */
#include "reader.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "options.h"
#include "strange.h"

#define NAME_MAX_BYTES 64

/* What the piece of text that inih handles at the moment is. */
typedef enum piece_kind {
    PIECE_ENTRY,    /* the start of an entry, or no entry at all */
    PIECE_CONTINUE, /* an indented line: joined with a blank */
    PIECE_GLUE      /* the rest of a long line: joined as it was, with or without a blank */
} piece_kind;

typedef struct ini_state {
    const char *origin;
    gan_ini_fn fn;
    void *context;
    gan_status status;

    const char *cursor; /* the next line */
    char *line;         /* the present line without comment and blank ends; room for the longest one */
    const char *rest;   /* what of it inih has not seen yet */
    int line_number;
    piece_kind kind;
    const char *glue, *next_glue; /* what stood between a PIECE_GLUE and the piece before it, and after it */
    bool entry_open;              /* an indented line would continue an entry */

    char section[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
    char *value; /* of the entry being put together; room for the whole text */
    size_t value_length, value_size;
    int entry_line; /* 0 = no entry yet */
    bool continued;
} ini_state;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void fail(ini_state *state, const char *problem)
{
    state->status = gan_error(GAN_BAD_INPUT, "%s:%d: %s", state->origin, state->line_number, problem);
}

/* Behind the line end at `end`: LF; CR LF, of Windows, also with CR doubled by a wrong transfer; CR, of old
 * Macs. */
static const char *skip_line_end(const char *end)
{
    const char *newline = end + (end[0] == '\r') + (end[0] == '\r' && end[1] == '\r');
    return *newline == '\n' ? newline + 1 : *end ? end + 1 : end;
}

static void fail_control(ini_state *state, unsigned char c)
{
    char problem[80];
    snprintf(problem, sizeof problem, "a control byte (0x%02x) in the text; is this an INI file?", c);
    fail(state, problem);
}

/* Copies the next line into state->line, without its comment and trailing blanks.
 * False at the end of the text. */
static bool next_line(ini_state *state)
{
    const char *start = state->cursor;
    if (*start == '\0')
        return false;
    size_t n = strcspn(start, "\r\n");
    state->cursor = skip_line_end(start + n);
    state->line_number++;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)start[i];
        if ((c < 0x20 && !is_blank((char)c)) || c == 0x7f) {
            fail_control(state, c);
            return false;
        }
        if ((c == '#' || c == ';') && (i == 0 || is_blank(start[i - 1]))) {
            n = i;
            break;
        }
    }
    while (n > 0 && is_blank(start[n - 1]))
        n--;
    memcpy(state->line, start, n);
    state->line[n] = '\0';
    return true;
}

/* Checks a heading more strictly than inih, which takes any section and ignores what follows the bracket. */
static void check_heading(ini_state *state, char *heading)
{
    char *end = strchr(heading, ']');
    if (!end || end[1] != '\0') {
        fail(state, end ? "text after the section heading; start a new line"
                        : "the section heading has no closing ']'");
        return;
    }
    char section[NAME_MAX_BYTES], where[NAME_MAX_BYTES + GAN_TEXT_MAX];
    snprintf(section, sizeof section, "%.*s", (int)(end - heading - 1), heading + 1);
    snprintf(where, sizeof where, "%s:%d", state->origin, state->line_number);
    if (!gan_option_section_known(section))
        state->status = gan_option_section_unknown(section, where);
}

/* A character that another program has put where only ASCII can be meant, like a no-break space, is named. */
static bool is_plain(ini_state *state, const char *text, size_t n, const char *where)
{
    char name[96], problem[224];
    if (!gan_strange_find(name, sizeof name, text, n))
        return true;
    snprintf(problem, sizeof problem, "%s %s; write it anew, in plain characters", name, where);
    fail(state, problem);
    return false;
}

/* Classifies state->line and sets state->rest to what inih shall read of it. */
static void start_line(ini_state *state)
{
    char *text = state->line;
    while (is_blank(*text))
        text++;
    state->kind = PIECE_ENTRY;
    state->rest = text;
    if (*text == '[') {
        if (is_plain(state, text, strlen(text), "in the section heading"))
            check_heading(state, text);
        state->entry_open = false;
    } else if (*text && text > state->line && state->entry_open) {
        state->kind = PIECE_CONTINUE;
    } else if (*text) {
        size_t name_length = strcspn(text, "=:");
        if (!is_plain(state, text, name_length,
                      text[name_length] ? "in the key or before it" : "in a line without '='"))
            return;
        if (name_length == 0)
            fail(state, "no key before the '='");
        else if (name_length >= NAME_MAX_BYTES)
            fail(state, "the key is too long; is a '=' missing?");
        else if (!text[name_length])
            fail(state,
                 "neither 'key = value' nor a [section] heading; a value goes on in an indented line only");
        state->entry_open = true;
    }
}

/* The length of a first part of `text`, at most `room`, at whose end it can be cut without loss although inih
 * trims blanks and skips what begins with a comment sign; 0 = none. *skip: blanks to leave out after it, 0
 * or 1. */
static size_t cut_length(const char *text, size_t room, size_t *skip)
{
    *skip = 0;
    size_t n = strlen(text);
    if (n <= room)
        return n;
    for (n = room; n > 1; n--) {
        if (is_blank(text[n - 1]))
            continue;
        *skip = text[n] == ' ';
        char next = text[n + *skip];
        if (!is_blank(next) && next != '#' && next != ';')
            return n;
    }
    return 0;
}

/* inih's source of lines, in the manner of fgets. */
static char *next_piece(char *out, int size, void *stream)
{
    ini_state *state = stream;
    if (*state->rest) {
        state->kind = PIECE_GLUE;
    } else if (state->status == GAN_OK && next_line(state)) {
        start_line(state);
    } else {
        return NULL;
    }
    if (state->status != GAN_OK)
        return NULL;
    size_t skip, room = (size_t)size - sizeof " \n";
    size_t n = cut_length(state->rest, room, &skip);
    if (n == 0 && *state->rest) {
        fail(state, "the line is too long; continue it in an indented line");
        return NULL;
    }
    /* A leading blank makes inih go on with the entry before. */
    const char *indent = state->kind == PIECE_ENTRY ? "" : " ";
    snprintf(out, (size_t)size, "%s%.*s\n", indent, (int)n, state->rest);
    state->glue = state->next_glue;
    state->next_glue = skip ? " " : "";
    state->rest += n + skip;
    return out;
}

/* A path may have any characters, but hardly a blank of another kind at an end. */
static void check_value(ini_state *state)
{
    char key[2 * NAME_MAX_BYTES + 1], name[96], problem[320];
    snprintf(key, sizeof key, "%s.%s", state->section, state->name);
    const gan_option_row *row = gan_option_row_find(key);
    const char *found = row && row->type == GAN_OPTION_TEXT
                            ? gan_strange_end(name, sizeof name, state->value)
                            : gan_strange_find(name, sizeof name, state->value, strlen(state->value));
    if (!found || (!row && state->section[0]))
        return;
    snprintf(problem, sizeof problem, "%s in the value of %s; write it anew, in plain characters", name,
             state->section[0] ? key : state->name);
    int line_number = state->line_number;
    state->line_number = state->entry_line;
    fail(state, problem);
    state->line_number = line_number;
}

static void finish_entry(ini_state *state)
{
    if (state->entry_line != 0 && state->status == GAN_OK)
        check_value(state);
    if (state->entry_line == 0 || state->status != GAN_OK)
        return;
    gan_ini_entry entry = {state->section, state->name, state->value, state->entry_line, state->continued};
    state->status = state->fn(state->context, &entry);
    state->entry_line = 0;
}

static void append(ini_state *state, const char *joint, const char *value)
{
    size_t room = state->value_size - state->value_length;
    state->value_length += (size_t)snprintf(state->value + state->value_length, room, "%s%s", joint, value);
}

/* inih's handler: one call for each piece of a value. Never stops inih by itself: next_piece() does. */
static int take_piece(void *user, const char *section, const char *name, const char *value)
{
    ini_state *state = user;
    if (state->kind == PIECE_GLUE) {
        append(state, state->glue, value);
        return 1;
    }
    if (state->kind == PIECE_CONTINUE) {
        append(state, " ", value);
        state->continued = true;
        return 1;
    }
    finish_entry(state);
    snprintf(state->section, sizeof state->section, "%s", section);
    snprintf(state->name, sizeof state->name, "%s", name);
    state->entry_line = state->line_number;
    state->continued = false;
    state->value_length = 0;
    append(state, "", value);
    return 1;
}

gan_status gan_ini_read(const char *text, const char *origin, gan_ini_fn fn, void *context)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    if (strncmp(text, "\xff\xfe", 2) == 0 || strncmp(text, "\xfe\xff", 2) == 0)
        return gan_error(GAN_BAD_INPUT, "%s:1: UTF-16 text: save it as UTF-8", origin);
    if (strncmp(text, byte_order_mark, 3) == 0)
        text += 3;
    ini_state state = {
        .origin = origin, .fn = fn, .context = context, .cursor = text, .next_glue = "", .rest = ""};
    /* A value never grows past the text: each joint takes the place of a line end or of blanks. */
    state.value_size = strlen(text) + 2;
    state.value = malloc(state.value_size);
    state.line = malloc(state.value_size);
    if (!state.value || !state.line)
        state.status = gan_error(GAN_FAILED, "%s: out of memory", origin);
    else if (ini_parse_stream(next_piece, &state, take_piece, &state) != 0 && state.status == GAN_OK)
        state.status = gan_error(GAN_FAILED, "%s:%d: inih cannot read the text", origin, state.line_number);
    finish_entry(&state);
    free(state.value);
    free(state.line);
    return state.status;
}
