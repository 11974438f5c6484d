/* fuzz.h: what the fuzz targets share. A target is one function that takes any bytes;
 * libFuzzer calls it (GAN_FUZZ), or replay.c with files. It must neither crash nor hang;
 * what else must hold is said with fuzz_require. */
#ifndef GAN_TEST_FUZZ_H
#define GAN_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* The path of a file in memory that holds these bytes until the next call. */
const char *fuzz_file(const uint8_t *bytes, size_t n);

/* Ends the process with a message, so that the input is kept. */
void fuzz_require(bool condition, const char *what);

#endif
