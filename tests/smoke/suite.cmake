# The program as its users meet it: a script each, with the program as argument. RESOURCE_LOCK: one at a time beside those of the other kinds.
set(smoke_scripts outputs generate)
if(NOT GAN_ASAN) # with sanitizers the others would repeat the same code ten times slower
  list(APPEND smoke_scripts cadence_seconds terminal commands pack bad_options bad_data right_data bad_place check resaved container)
endif()
add_executable(smoke_name_classes ${CMAKE_CURRENT_LIST_DIR}/name_classes.c)
target_link_libraries(smoke_name_classes PRIVATE gan_out)
foreach(name ${smoke_scripts})
  add_test(NAME smoke.${name}
           COMMAND bash ${PROJECT_SOURCE_DIR}/tests/smoke/${name}.sh $<TARGET_FILE:gan_dist> $<TARGET_FILE:smoke_name_classes>)
  set_tests_properties(smoke.${name} PROPERTIES LABELS smoke RESOURCE_LOCK smoke COST 30 TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endforeach()
