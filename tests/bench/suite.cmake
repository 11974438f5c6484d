# Benchmarks are built with the tests and run by hand: they time, they do not judge. bench.answers does: it wants a quiet machine, so
# it is one of the label `long`, and alone.
add_executable(bench_ops ${CMAKE_CURRENT_LIST_DIR}/bench_ops.c)
target_link_libraries(bench_ops PRIVATE gan_backend gan_base)

add_executable(bench_decode bench/bench_decode.c)
target_link_libraries(bench_decode PRIVATE gan_data gan_comm gan_config gan_base JPEG::JPEG)

add_test(NAME bench.count COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/count.sh $<TARGET_FILE:gan_dist>)
add_test(NAME bench.answers COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/answers.sh $<TARGET_FILE:gan_dist>)
set_tests_properties(bench.answers PROPERTIES LABELS "bench;long" RUN_SERIAL ON TIMEOUT ${hang_limit})
set_tests_properties(bench.count PROPERTIES LABELS step TIMEOUT ${hang_limit})
