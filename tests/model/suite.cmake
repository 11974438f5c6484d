# Networks: rows, texts, shapes and initial weights; nets.c builds small ones.
add_library(model_nets STATIC ${CMAKE_CURRENT_SOURCE_DIR}/model/nets.c)
target_include_directories(model_nets PUBLIC ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(model_nets PUBLIC gan_model gan_backend gan_config gan_base PkgConfig::cmocka)
gan_test(model model_nets)
