# Crashes: a save stopped at every point, damaged checkpoints, disks that fill up. Random kills of whole runs are dist.kill.
gan_test(crash gan_out)
target_sources(crash_test_syscalls PRIVATE ${CMAKE_CURRENT_LIST_DIR}/tracer.c)

if(NOT GAN_ASAN) # the whole program's way, which takes ten times as long there
  add_test(NAME crash.full_disk COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/full_disk.sh $<TARGET_FILE:gan_dist>)
  set_tests_properties(crash.full_disk PROPERTIES LABELS crash RESOURCE_LOCK mpi TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endif()
