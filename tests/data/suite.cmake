add_library(data_support STATIC ${CMAKE_CURRENT_LIST_DIR}/support.c)
target_link_libraries(data_support PUBLIC gan_data)
target_include_directories(data_support PUBLIC ${CMAKE_CURRENT_LIST_DIR})
gan_test(data data_support)

# One run at each rank count compares what the ranks together made with what a single process makes.
if(GAN_MPI)
  add_executable(data_ranks ${CMAKE_CURRENT_LIST_DIR}/ranks.c)
  target_link_libraries(data_ranks PRIVATE data_support)
  foreach(ranks 1 2 3)
    add_test(NAME data.ranks-${ranks} COMMAND mpirun --allow-run-as-root --oversubscribe -np ${ranks} $<TARGET_FILE:data_ranks>)
    set_tests_properties(data.ranks-${ranks} PROPERTIES LABELS data TIMEOUT ${hang_limit} RESOURCE_LOCK comm
                         ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")
  endforeach()
endif()

# The command is a file of the program, not of a library.
add_executable(data_pack_command ${CMAKE_CURRENT_LIST_DIR}/pack_command.c ${PROJECT_SOURCE_DIR}/src/commands/pack.c)
target_include_directories(data_pack_command PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/commands)
target_link_libraries(data_pack_command PRIVATE data_support PkgConfig::cmocka)
add_test(NAME data.pack-command COMMAND data_pack_command)
set_tests_properties(data.pack-command PROPERTIES LABELS data TIMEOUT ${hang_limit})
