# What `cmake --install` puts where, and the Debian package that `cpack` makes of it. The launch scripts find the program beside
# them, two folders above share/gan_dist; the program finds its modules in ../lib/gan_dist. Scripts that make sense in a checkout
# only (quickstart.sh, install-deps.sh) and recipes for images stay there.
install(TARGETS gan_dist RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(PROGRAMS launch/local.sh launch/hosts.sh launch/slurm.sbatch launch/slurm-requeue.sbatch
        DESTINATION ${CMAKE_INSTALL_DATADIR}/gan_dist/launch)
install(FILES launch/common.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/gan_dist/launch)
# An image has no more than the sources.
install(FILES cluster/hosts.example DESTINATION ${CMAKE_INSTALL_DATADIR}/gan_dist/cluster OPTIONAL)
install(DIRECTORY cluster/sites DESTINATION ${CMAKE_INSTALL_DATADIR}/gan_dist/cluster OPTIONAL)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL FILES_MATCHING PATTERN "*.md")

# --- the Debian package: gan-dist, and gan-dist-cuda where the modules for GPUs are built -----------------------------------------
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gan-dist)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "distributed trainer of generative adversarial networks")
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/package_deb.cmake)
set(CPACK_GAN_SOURCE_DIR ${PROJECT_SOURCE_DIR})
# Who builds a package answers for it; the variables are those of Debian's own tools.
set(CPACK_PACKAGE_CONTACT "gan_dist <gan_dist@localhost>")
if(DEFINED ENV{DEBEMAIL} AND DEFINED ENV{DEBFULLNAME})
  set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME gan-dist)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "Trains GANs on one machine or many: a C program over MPI,
each rank computing its part of every batch. The result is the
same, byte for byte, whatever the number of ranks. The scripts in
/usr/share/gan_dist/launch start it on one machine, on hosts over
ssh, and under Slurm.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
# What is linked, dpkg-shlibdeps finds; what starts the ranks is another package.
if(GAN_MPI AND "${MPI_C_LIBRARIES}" MATCHES "mpich")
  set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS mpich)
elseif(GAN_MPI)
  set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS openmpi-bin)
endif()
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "openssh-client, iproute2")

# CUDA, cuBLAS and NCCL are not Debian's, so no dependency can name them: the modules are a package of their own, without.
set(CPACK_DEBIAN_CUDA_PACKAGE_NAME gan-dist-cuda)
set(CPACK_COMPONENT_CUDA_DESCRIPTION "The modules of gan_dist that compute on NVIDIA GPUs. The CUDA
runtime, cuBLAS and NCCL, of the versions with which they were
built, have to be installed from elsewhere.")
set(CPACK_DEBIAN_CUDA_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_CUDA_PACKAGE_DEPENDS "gan-dist (= ${PROJECT_VERSION}), libc6, libgcc-s1, libstdc++6")
set(CPACK_COMPONENTS_ALL program)
if(GAN_CUDA_FOUND)
  list(APPEND CPACK_COMPONENTS_ALL cuda)
endif()
include(CPack)
