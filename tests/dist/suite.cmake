# The distributed promises, on the whole program: the same bytes whoever computes them, and nothing lost. Scripts that run the
# program on fixed numbers of ranks. The label `long` is for what takes minutes: ctest --test-dir build -L long.
function(gan_dist_test name script)
  add_test(NAME dist.${name} COMMAND bash ${PROJECT_SOURCE_DIR}/tests/dist/${script}.sh $<TARGET_FILE:gan_dist> ${ARGN})
  set_tests_properties(dist.${name} PROPERTIES LABELS dist RESOURCE_LOCK mpi COST 50 TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endfunction()

# With sanitizers the whole program is run by one script of each kind: the others would repeat it ten times slower.
if(GAN_ASAN)
  gan_dist_test(orders orders 2)
  return()
endif()

foreach(name orders ranks resume stop signals stall)
  gan_dist_test(${name} ${name})
endforeach()
gan_dist_test(all_stops stop all)
set_tests_properties(dist.all_stops PROPERTIES LABELS "dist;long")
gan_dist_test(terminated terminated 3 3)
gan_dist_test(terminated-100 terminated 100)
set_tests_properties(dist.terminated-100 PROPERTIES LABELS "dist;long" TIMEOUT ${long_hang_limit})
gan_dist_test(kill kill 12)
gan_dist_test(kill-240 kill 240)
set_tests_properties(dist.kill-240 PROPERTIES LABELS "dist;long" TIMEOUT ${long_hang_limit})

add_library(dist_faulty_rank MODULE ${CMAKE_CURRENT_LIST_DIR}/faulty_rank.c)
target_link_libraries(dist_faulty_rank PRIVATE gan_flags MPI::MPI_C)
gan_dist_test(differ differ $<TARGET_FILE:dist_faulty_rank>)
add_library(dist_last_words MODULE ${CMAKE_CURRENT_LIST_DIR}/last_words.c)
target_link_libraries(dist_last_words PRIVATE gan_flags MPI::MPI_C ${CMAKE_DL_LIBS})
gan_dist_test(last_words last_words $<TARGET_FILE:dist_last_words>)

gan_dist_test(bytes-gan-mnist bytes 2 --preset gan-mnist --data faces:128 --batch 16)
gan_dist_test(bytes-dcgan64 bytes 2 --preset dcgan64 --data faces:128 --batch 16)
foreach(preset gan-mnist dcgan64)
  gan_dist_test(bytes-${preset}-20 bytes 20 --preset ${preset} --data faces:1280)
  set_tests_properties(dist.bytes-${preset}-20 PROPERTIES LABELS "dist;long" TIMEOUT ${long_hang_limit})
endforeach()
