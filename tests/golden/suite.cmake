# The first 20 steps of presets against PyTorch; make_golden.py makes NAME.txt and says what the tolerances mean.
# golden_test(NAME BACKEND STEPS)
if(TARGET gan_dist)
  add_executable(golden_check ${CMAKE_CURRENT_LIST_DIR}/test_golden.c ${CMAKE_CURRENT_LIST_DIR}/pictures.c)
  target_link_libraries(golden_check PRIVATE gan_out gan_base)

  function(golden_test name backend steps)
    add_test(NAME golden.${name}.${backend}
             COMMAND golden_check $<TARGET_FILE:gan_dist> ${CMAKE_CURRENT_SOURCE_DIR}/golden/${name}.txt ${backend}
                     ${steps})
    set_tests_properties(golden.${name}.${backend} PROPERTIES LABELS golden TIMEOUT ${hang_limit} RESOURCE_LOCK golden COST 30)
  endfunction()

  golden_test(gan-mnist cpu 20)
  golden_test(gan-mnist-slow cpu 20)
  set_tests_properties(golden.gan-mnist-slow.cpu PROPERTIES LABELS "golden;long") # the other presets have theirs by default
  golden_test(dcgan64 cpu 20)
  golden_test(dcgan64-slow cpu 20)
  golden_test(cdcgan-mnist cpu 20)
  golden_test(cdcgan-mnist-slow cpu 20)
  golden_test(dcgan32-mnist-slow cpu 20)
  # The plain loops take about a second a step.
  golden_test(dcgan32-mnist-slow ref 4)
endif()
