gan_test(config gan_config)
target_compile_definitions(config_test_options PRIVATE SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_sources(config_test_commands PRIVATE ${PROJECT_SOURCE_DIR}/src/commands/presets.c
                                            ${PROJECT_SOURCE_DIR}/src/commands/help.c
                                            ${PROJECT_SOURCE_DIR}/src/commands/table.c)
target_sources(config_test_manual PRIVATE ${PROJECT_SOURCE_DIR}/src/commands/manual/page.c
                                          ${PROJECT_SOURCE_DIR}/src/commands/manual/completion.c
                                          ${PROJECT_SOURCE_DIR}/src/commands/table.c)
target_compile_definitions(config_test_manual PRIVATE MANUAL_DATE="2026-01-31")
