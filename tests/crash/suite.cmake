# Crashes: a save stopped at every point, damaged checkpoints, a disk that fills up. The label `long` is for what takes minutes.
gan_test(crash gan_out)
target_sources(crash_test_syscalls PRIVATE ${CMAKE_CURRENT_LIST_DIR}/tracer.c)
