# The GAN step without MPI: tiny.c runs a small conditional GAN as the conductor does, as one rank of any number.
add_library(step_tiny STATIC ${CMAKE_CURRENT_SOURCE_DIR}/step/tiny.c)
target_link_libraries(step_tiny PUBLIC gan_step gan_optim gan_model gan_backend gan_config gan_base PkgConfig::cmocka
                                       Threads::Threads)
gan_test(step step_tiny)
# More threads than free cores: waiting ones must not spin.
set_property(TEST step.step APPEND PROPERTY ENVIRONMENT OMP_WAIT_POLICY=PASSIVE)
