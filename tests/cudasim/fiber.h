/* fiber.h: stacks that take turns on one OS thread. */
#ifndef CUDASIM_FIBER_H
#define CUDASIM_FIBER_H

#include <cstddef>

struct Fiber;

Fiber *fiber_create(void (*loop)(Fiber *self)); /* `loop` never returns */
void fiber_enter(Fiber *fiber);                 /* from the host's stack: runs until the fiber leaves */
void fiber_leave(Fiber *fiber);                 /* from a fiber: back to the host's stack */
bool fiber_guards(const void *address);         /* below a fiber's stack? */

#endif
