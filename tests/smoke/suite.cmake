# The program as its users meet it: a script each, with the program as argument. RESOURCE_LOCK: one at a time beside those of the other kinds.
set(smoke_scripts outputs generate)
if(NOT GAN_ASAN) # with sanitizers the others would repeat the same code ten times slower
  list(APPEND smoke_scripts cadence_seconds terminal commands pack bad_options bad_data right_data bad_place check resaved container)
endif()
foreach(name ${smoke_scripts})
  add_test(NAME smoke.${name}
           COMMAND bash ${PROJECT_SOURCE_DIR}/tests/smoke/${name}.sh $<TARGET_FILE:gan_dist>)
  set_tests_properties(smoke.${name} PROPERTIES LABELS smoke RESOURCE_LOCK smoke COST 30 TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endforeach()
