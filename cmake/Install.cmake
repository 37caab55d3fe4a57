# What others build against: one shared library made of the layers that embedding needs, its public headers,
# a CMake package, a pkg-config file, the program with its man pages and completions.
include(CMakePackageConfigHelpers)

# Layers below the command line. Their objects are taken whole: a shared library has no undefined symbol
# that would pull them out of an archive. Debian's libboost_json.a is not position independent, so Boost.JSON
# is compiled in from its headers; so are {fmt} and Beast.
find_package(Threads REQUIRED)
add_library(cordon_shared SHARED ${PROJECT_SOURCE_DIR}/cmake/boost_json.cc
  ${CORDON_FMT_SOURCE} ${CORDON_BEAST_SOURCE} $<TARGET_OBJECTS:cordon_init_image>)
foreach(layer IN ITEMS core linux observe store policy sandbox native engine docker gvisor lxc backends devenv doctor manager library)
  target_sources(cordon_shared PRIVATE $<TARGET_OBJECTS:cordon_${layer}>)
endforeach()
# libseccomp goes inside where its archive can: consumers then need nothing of it.
find_library(SECCOMP_ARCHIVE libseccomp.a HINTS ${seccomp_LIBRARY_DIRS})
if(SECCOMP_ARCHIVE)
  target_link_libraries(cordon_shared PRIVATE ${SECCOMP_ARCHIVE})
else()
  target_link_libraries(cordon_shared PRIVATE cordon_seccomp)
endif()
target_link_libraries(cordon_shared PRIVATE PkgConfig::SQLITE cordon_openssl Threads::Threads)
set_source_files_properties(${PROJECT_SOURCE_DIR}/cmake/boost_json.cc PROPERTIES COMPILE_OPTIONS -w)
set_target_properties(cordon_shared PROPERTIES
  EXPORT_NAME cordon OUTPUT_NAME cordon VERSION ${PROJECT_VERSION} SOVERSION 0
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/cordon.map)
target_link_options(cordon_shared PRIVATE
  # Only namespace cordon is visible: the caller may use another version of a library we use inside.
  LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/cordon.map
  LINKER:--as-needed)
if(NOT CORDON_SANITIZE)
  # The sanitizers' run-time symbols come from the program that loads the library.
  target_link_options(cordon_shared PRIVATE LINKER:--no-undefined)
endif()
target_compile_features(cordon_shared INTERFACE cxx_std_23)
target_include_directories(cordon_shared INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

install(TARGETS cordon_shared EXPORT cordon LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

# Jobs (cordon/job.h) are a library of their own: what reads archives comes with it, and whoever runs no
# jobs loads none of that.
add_library(cordon_shared_jobs SHARED ${PROJECT_SOURCE_DIR}/cmake/boost_json.cc
  ${CORDON_FMT_SOURCE} $<TARGET_OBJECTS:cordon_jobs>)
target_link_libraries(cordon_shared_jobs PUBLIC cordon_shared PRIVATE PkgConfig::ARCHIVE PkgConfig::LZMA Threads::Threads)
set_target_properties(cordon_shared_jobs PROPERTIES
  EXPORT_NAME jobs OUTPUT_NAME cordon-jobs VERSION ${PROJECT_VERSION} SOVERSION 0
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/cordon.map)
target_link_options(cordon_shared_jobs PRIVATE
  LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/cordon.map LINKER:--as-needed)
if(NOT CORDON_SANITIZE)
  target_link_options(cordon_shared_jobs PRIVATE LINKER:--no-undefined)
endif()
install(TARGETS cordon_shared_jobs EXPORT cordon LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/cordon DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cordon)
install(EXPORT cordon NAMESPACE cordon:: FILE cordonTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/cordonConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cordonConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cordonConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cordonConfig.cmake ${PROJECT_BINARY_DIR}/cordonConfigVersion.cmake
  DESTINATION ${package_dir})

# The prefix is found from where the file lies, so a tree that was moved or staged still works.
file(RELATIVE_PATH CORDON_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" CORDON_PC_PREFIX "${CORDON_PC_PREFIX}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/cordon.pc.in ${PROJECT_BINARY_DIR}/cordon.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cordon.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS cordon RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

file(GLOB man_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/packaging/man/*.[1-8])
foreach(page IN LISTS man_pages)
  string(REGEX MATCH "[1-8]$" section ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

set(completions ${PROJECT_SOURCE_DIR}/packaging/completions)
foreach(completion IN ITEMS
    "cordon.bash|bash-completion/completions|cordon"
    "_cordon|zsh/site-functions|_cordon"
    "cordon.fish|fish/vendor_completions.d|cordon.fish")
  string(REPLACE "|" ";" completion ${completion})
  list(GET completion 0 source)
  list(GET completion 1 folder)
  list(GET completion 2 name)
  if(EXISTS ${completions}/${source})
    install(FILES ${completions}/${source} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} RENAME ${name})
  endif()
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/packaging/systemd/cordon.service
  ${PROJECT_SOURCE_DIR}/packaging/systemd/cordon.socket DESTINATION lib/systemd/system)
