gan_test(out gan_out)
target_link_libraries(out_test_grid PRIVATE PNG::PNG)
target_sources(out_test_info PRIVATE ${PROJECT_SOURCE_DIR}/src/commands/info.c
               ${PROJECT_SOURCE_DIR}/src/commands/classes.c)

# Others' readers must take our files: the Python packages judge where they are installed.
find_program(GAN_PYTHON python3)
add_executable(out_write_example ${CMAKE_CURRENT_SOURCE_DIR}/out/write_example.c)
target_include_directories(out_write_example PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(out_write_example PRIVATE gan_out)
if(GAN_PYTHON)
  add_test(NAME out.safetensors COMMAND ${GAN_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/out/safetensors_check.py
                                        $<TARGET_FILE:out_write_example>)
else()
  add_test(NAME out.safetensors COMMAND sh -c "echo SKIPPED: no python3; exit 77")
endif()
set_tests_properties(out.safetensors PROPERTIES LABELS out TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
