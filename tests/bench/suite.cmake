# Benchmarks are built with the tests and run by hand: they time, they do not judge.
add_executable(bench_ops ${CMAKE_CURRENT_LIST_DIR}/bench_ops.c)
target_link_libraries(bench_ops PRIVATE gan_backend gan_base)

add_executable(bench_decode bench/bench_decode.c)
target_link_libraries(bench_decode PRIVATE gan_data gan_comm gan_config gan_base JPEG::JPEG)

add_test(NAME bench.count COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/count.sh $<TARGET_FILE:gan_dist>)
set_tests_properties(bench.count PROPERTIES LABELS step TIMEOUT 120)
