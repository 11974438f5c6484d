/* Any text as a configuration file, as the configuration in a checkpoint,
 * and, a line a word, as a command line. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/config.h"

#define WORDS_MAX 64

/* What was accepted can be written and read again, and is the same. */
static void check_round_trip(const gan_config *config)
{
    static gan_config again;
    char *text = gan_config_text(config, false);
    fuzz_require(text != NULL, "memory");
    gan_config_defaults(&again);
    fuzz_require(gan_config_apply_text(&again, text, "written") == GAN_OK, "what is written can be read");
    fuzz_require(memcmp(config, &again, sizeof again) == 0, "what is written is read as the same");
    free(text);
}

static void try_file(const char *text)
{
    static gan_config config;
    gan_config_defaults(&config);
    if (gan_config_apply_text(&config, text, "FILE") != GAN_OK) {
        fuzz_require(strncmp(gan_error_message(), "FILE:", 5) == 0, "the reason names file and line");
        return;
    }
    check_round_trip(&config);
    if (gan_config_finish(&config) == GAN_OK)
        gan_config_need_data(&config);
}

static void try_stored(const char *text)
{
    static gan_config config;
    gan_config_defaults(&config);
    char *now = gan_config_text(&config, true);
    fuzz_require(now != NULL, "memory");
    gan_config_compare(text, now, "FILE");
    free(now);
}

static void try_words(char *text)
{
    static const char *const extra[] = {"--mode", "--flag!", NULL};
    static gan_config config;
    char *words[WORDS_MAX], *next = text;
    int n = 0;
    for (char *word; n < WORDS_MAX && (word = strsep(&next, "\n"));)
        words[n++] = word;
    for (int i = 0; i < n; i++)
        if (strncmp(words[i], "--config", 8) == 0) /* it would open whatever is named */
            return;
    if (gan_config_parse(&config, n, words, "quickstart", extra) != GAN_OK)
        return;
    gan_config_extra(n, words, "--mode");
    gan_config_extra(n, words, "--flag!");
    check_round_trip(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *text = malloc(n + 1);
    fuzz_require(text != NULL, "memory");
    memcpy(text, bytes, n);
    text[n] = '\0';
    if (text[0] == '-') {
        try_words(text);
    } else {
        try_file(text);
        try_stored(text);
    }
    free(text);
    return 0;
}
