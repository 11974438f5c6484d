/* commands.h: the program's commands, one file each. argv[0] is the word after the command's own. */
#ifndef GAN_COMMANDS_H
#define GAN_COMMANDS_H

#include "gan_dist/error.h"

gan_status gan_command_info(int argc, char **argv);

#endif
