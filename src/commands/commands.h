/* commands.h: the program's commands, one file each. argv[0] is the word after the command's own. */
#ifndef GAN_COMMANDS_H
#define GAN_COMMANDS_H

#include "gan_dist/error.h"

gan_status gan_command_info(int argc, char **argv);
/* Lists the presets, or prints the text of the one named. */
gan_status gan_command_presets(int argc, char **argv);

/* Prints the usage of the whole program on standard output. */
void gan_command_help(void);

#endif
