/* write_example FILE: writes the example checkpoint, for safetensors_check.py to read. */
#include "out/example.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    static example e;
    if (argc != 2) {
        fprintf(stderr, "usage: write_example FILE\n");
        return GAN_BAD_INPUT;
    }
    example_fill(&e, 1.0f);
    gan_status status = example_write(&e, argv[1]);
    if (status != GAN_OK)
        fprintf(stderr, "%s\n", gan_error_message());
    return status;
}
