# The manual page and bash's completion, written by a small program from the same tables as the program's own help; so they are
# made anew when a table changes, and no copy of them is kept.
file(GLOB manual_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/commands/manual/*.c)
add_executable(gan_manual ${manual_sources} ${PROJECT_SOURCE_DIR}/src/commands/table.c)
target_include_directories(gan_manual PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(gan_manual PRIVATE gan_config)
string(TIMESTAMP manual_date "%Y-%m-%d" UTC) # SOURCE_DATE_EPOCH sets it
target_compile_definitions(gan_manual PRIVATE MANUAL_DATE="${manual_date}")
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "No manual page, no completion: what is built here does not run here (CMAKE_CROSSCOMPILING_EMULATOR)")
  return()
endif()

set(manual_folder ${PROJECT_BINARY_DIR}/manual)
file(MAKE_DIRECTORY ${manual_folder})
add_custom_command(OUTPUT ${manual_folder}/gan_dist.1 ${manual_folder}/gan_dist.bash
                   COMMAND gan_manual page ${manual_folder}/gan_dist.1
                   COMMAND gan_manual completion ${manual_folder}/gan_dist.bash
                   DEPENDS gan_manual COMMENT "Writing the manual page and the completion" VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual_folder}/gan_dist.1 ${manual_folder}/gan_dist.bash)
add_dependencies(gan_dist manual) # so that a build of the program alone can be installed

install(FILES ${manual_folder}/gan_dist.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${manual_folder}/gan_dist.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME gan_dist)
