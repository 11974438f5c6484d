/* words.c: the text of a network, cut into words. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

gan_status gan_words_split(gan_words *words, const char *network, const char text[GAN_TEXT_MAX])
{
    words->n = words->next = 0;
    /* `|` may touch its neighbours: give it blanks. */
    char *p = words->text;
    for (; *text; text++) {
        if (*text == '|') {
            memcpy(p, " | ", 3);
            p += 3;
        } else {
            *p++ = *text;
        }
    }
    *p = '\0';
    char *rest = NULL;
    for (char *word = strtok_r(words->text, " \t\r\n", &rest); word;
         word = strtok_r(NULL, " \t\r\n", &rest)) {
        if (words->n == (int)(sizeof words->words / sizeof *words->words))
            return gan_error(GAN_BAD_INPUT, "%s.layers: more than %d words", network, words->n);
        words->words[words->n++] = word;
    }
    return GAN_OK;
}

const char *gan_words_peek(const gan_words *words)
{
    if (words->next == words->n)
        return NULL;
    const char *word = words->words[words->next];
    return strcmp(word, "|") == 0 || gan_layer_find(word) ? NULL : word;
}

const char *gan_words_take(gan_words *words)
{
    const char *word = gan_words_peek(words);
    words->next += word != NULL;
    return word;
}

bool gan_shape_parse(gan_shape *out, const char *word)
{
    int *fields[3] = {&out->h, &out->w, &out->c};
    for (int i = 0; i < 3; i++) {
        char *end;
        long value = strtol(word, &end, 10);
        if (end == word || value < 1 || value > 65536 || *end != (i < 2 ? 'x' : '\0'))
            return false;
        *fields[i] = (int)value;
        word = end + 1;
    }
    return true;
}
