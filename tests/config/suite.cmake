gan_test(config gan_config)
target_compile_definitions(config_test_options PRIVATE SOURCE_DIR="${PROJECT_SOURCE_DIR}")
