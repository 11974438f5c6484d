#include "fiber.h"

#include <sys/mman.h>
#include <vector>
#include "report.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
static const size_t stack_bytes = 256 << 10;
#else
static const size_t stack_bytes = 64 << 10;
#endif
static const size_t guard_bytes = 4096;

#if defined(__x86_64__)
/* swapcontext() asks the kernel for the signal mask each time, which is thirty times as slow as this. */
extern "C" void cudasim_switch(void **leave, void *enter);
__asm__(".text\n.globl cudasim_switch\n.type cudasim_switch, @function\ncudasim_switch:\n"
        "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
        "movq %rsp, (%rdi)\nmovq %rsi, %rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n"
        ".size cudasim_switch, .-cudasim_switch\n");
typedef void *Context;
#else
#include <ucontext.h>
typedef ucontext_t Context;
#endif

struct Fiber {
    Context context;
    char *stack;
    void (*loop)(Fiber *);
    void *fake_stack; /* AddressSanitizer's */
};

static std::vector<Fiber *> fibers;
static Context host;
static Fiber *entered;
#if defined(__SANITIZE_ADDRESS__)
static const void *host_stack;
static size_t host_stack_bytes;
static void *host_fake_stack;
#endif

static void leaves_host(Fiber *to)
{
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&host_fake_stack, to->stack, stack_bytes);
#else
    (void)to;
#endif
}

static void arrives_in_fiber(Fiber *fiber)
{
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fiber->fake_stack, &host_stack, &host_stack_bytes);
#else
    (void)fiber;
#endif
}

static void first_steps()
{
    arrives_in_fiber(entered);
    entered->loop(entered);
}

Fiber *fiber_create(void (*loop)(Fiber *self))
{
    void *memory = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, guard_bytes, PROT_NONE) != 0)
        misuse("no memory for the stack of device thread %zu", fibers.size());
    Fiber *fiber = new Fiber();
    fiber->stack = static_cast<char *>(memory) + guard_bytes;
    fiber->loop = loop;
#if defined(__x86_64__)
    /* Six registers to pop, then the return address; the ABI wants the stack 8 off a multiple of 16 there. */
    void **top = reinterpret_cast<void **>(fiber->stack + stack_bytes) - 8;
    top[6] = reinterpret_cast<void *>(first_steps);
    fiber->context = top;
#else
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = stack_bytes;
    makecontext(&fiber->context, first_steps, 0);
#endif
    fibers.push_back(fiber);
    return fiber;
}

static void change(Context *leave, Context *enter)
{
#if defined(__x86_64__)
    cudasim_switch(leave, *enter);
#else
    swapcontext(leave, enter);
#endif
}

void fiber_enter(Fiber *fiber)
{
    entered = fiber;
    leaves_host(fiber);
    change(&host, &fiber->context);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(host_fake_stack, nullptr, nullptr);
#endif
}

void fiber_leave(Fiber *fiber)
{
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&fiber->fake_stack, host_stack, host_stack_bytes);
#endif
    change(&fiber->context, &host);
    arrives_in_fiber(fiber);
}

bool fiber_guards(const void *address)
{
    const char *at = static_cast<const char *>(address);
    for (const Fiber *fiber : fibers)
        if (at >= fiber->stack - guard_bytes && at < fiber->stack)
            return true;
    return false;
}
