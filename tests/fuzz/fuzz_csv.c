/* fuzz_csv.c: any bytes as the log.csv of a run that goes on: what is kept of it is kept again. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"
#include "out/csv_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *text = malloc(n + 1);
    fuzz_require(text != NULL, "memory");
    memcpy(text, bytes, n);
    text[n] = '\0';
    gan_csv_rows rows, again;
    if (gan_text_plain(&text, &n, "FILE") == GAN_OK) {
        gan_csv_rows_read(&rows, text, n, UINT64_MAX);
        fuzz_require(rows.text != NULL, "memory");
        gan_csv_rows_read(&again, rows.text, rows.n, UINT64_MAX);
        fuzz_require(again.ours && again.unreadable == 0 && again.extra == 0, "what is written is a log");
        fuzz_require(again.n == rows.n && memcmp(again.text, rows.text, rows.n) == 0,
                     "it is read as the same");
        free(again.text);
        free(rows.text);
    }
    free(text);
    return 0;
}
