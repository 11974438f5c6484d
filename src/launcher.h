/* launcher.h: what rank 0 tells the script of launch/ that started it. Open MPI 5's mpirun may end with
 * status 0 when it has lost a host, and may not end when it has lost all ranks; so the script wants to hear
 * it from rank 0 itself, wherever that runs. It asks by the variable GAN_TELL_LAUNCHER, reads the lines
 * "gan_dist: here" and "gan_dist: done" from standard error, and keeps them to itself. */
#ifndef GAN_LAUNCHER_H
#define GAN_LAUNCHER_H

/* Rank 0, before it trains: from now on a thread says every five seconds that the process lives, whatever
 * that waits for. Nothing where no script has asked, or where no thread can be had. Once a process. */
void gan_launcher_open(void);

/* Rank 0, when status.json says "done". Nothing where no script has asked. */
void gan_launcher_done(void);

#endif
