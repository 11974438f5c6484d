# The program as its users meet it: a script each, with the program as argument. RESOURCE_LOCK: they fill the cores.
foreach(name outputs cadence_seconds terminal generate commands pack bad_options bad_data bad_place)
  add_test(NAME smoke.${name}
           COMMAND bash ${PROJECT_SOURCE_DIR}/tests/smoke/${name}.sh $<TARGET_FILE:gan_dist>)
  set_tests_properties(smoke.${name} PROPERTIES LABELS smoke RESOURCE_LOCK mpi TIMEOUT 300 SKIP_RETURN_CODE 77)
endforeach()
