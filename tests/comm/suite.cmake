# Every program of this folder runs on fixed numbers of ranks: powers of two, odd numbers, one alone.
add_library(gan_comm_tests STATIC ${CMAKE_CURRENT_SOURCE_DIR}/comm/expect.c)
target_link_libraries(gan_comm_tests PUBLIC gan_comm)

function(gan_comm_test name)
  add_executable(comm_${name} ${CMAKE_CURRENT_SOURCE_DIR}/comm/${name}.c)
  target_include_directories(comm_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(comm_${name} PRIVATE gan_comm_tests)
  foreach(ranks ${ARGN})
    add_test(NAME comm.${name}.np${ranks}
             COMMAND bash ${PROJECT_SOURCE_DIR}/tests/comm/mpirun.sh ${ranks} $<TARGET_FILE:comm_${name}>)
    set_tests_properties(comm.${name}.np${ranks} PROPERTIES LABELS comm RESOURCE_LOCK comm TIMEOUT ${hang_limit}
                         SKIP_RETURN_CODE 77)
  endforeach()
endfunction()

gan_comm_test(sums 1 2 3 4 5 8)
if(GAN_ASAN) # eight on two cores mostly take turns
  set_tests_properties(comm.sums.np8 PROPERTIES LABELS "comm;long")
endif()
gan_comm_test(agreement 1 2 3 5 8)
gan_comm_test(shared 1 2 3 4)

# Cores and memory are asked for by the program's commands, which belong to no module.
add_executable(comm_launch_facts ${CMAKE_CURRENT_SOURCE_DIR}/comm/launch_facts.c
               ${PROJECT_SOURCE_DIR}/src/commands/ranks.c ${PROJECT_SOURCE_DIR}/src/commands/threads.c
               ${PROJECT_SOURCE_DIR}/src/commands/check_launch.c ${PROJECT_SOURCE_DIR}/src/devices.c)
target_include_directories(comm_launch_facts PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(comm_launch_facts PRIVATE gan_comm_tests gan_backend gan_config)
foreach(ranks 1 2 3)
  add_test(NAME comm.launch_facts.np${ranks}
           COMMAND bash ${PROJECT_SOURCE_DIR}/tests/comm/mpirun.sh ${ranks} $<TARGET_FILE:comm_launch_facts>)
  set_tests_properties(comm.launch_facts.np${ranks} PROPERTIES LABELS comm RESOURCE_LOCK comm TIMEOUT ${hang_limit})
endforeach()

# Which backend, device and way of summing: devices.c, with devices and an NCCL of the test's own making.
add_executable(comm_placement ${CMAKE_CURRENT_SOURCE_DIR}/comm/placement.c ${PROJECT_SOURCE_DIR}/src/devices.c)
target_include_directories(comm_placement PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(comm_placement PRIVATE gan_comm_tests)
foreach(ranks 1 3)
  add_test(NAME comm.placement.np${ranks}
           COMMAND bash ${PROJECT_SOURCE_DIR}/tests/comm/mpirun.sh ${ranks} $<TARGET_FILE:comm_placement>)
  set_tests_properties(comm.placement.np${ranks} PROPERTIES LABELS comm RESOURCE_LOCK comm TIMEOUT ${hang_limit})
endforeach()

gan_test(comm gan_comm)
