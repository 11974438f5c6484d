# What `cmake --install` and `cpack` make of a build. deb.sh is for a fresh root only (tests/install/deb.sh says how).
if(GAN_ASAN OR NOT GAN_MPI) # nothing in here takes another path through the program's own code; the scripts start mpirun
  return()
endif()
function(gan_install_test name)
  add_test(NAME install.${name}
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/install/${name}.sh $<TARGET_FILE:gan_dist> ${PROJECT_BINARY_DIR} ${CMAKE_COMMAND})
  set_tests_properties(install.${name} PROPERTIES LABELS install TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endfunction()

gan_install_test(manual)
gan_install_test(installed)
gan_install_test(onednn)
gan_install_test(places)
set_tests_properties(install.installed PROPERTIES RESOURCE_LOCK smoke COST 30)
set_tests_properties(install.places PROPERTIES LABELS "install;long" TIMEOUT ${long_hang_limit}) # builds the program twice more
