# How the house is built: one library a folder under src/. A folder sees only what it links, so a lower
# layer cannot include a higher one: its headers are not on the include path of the lower one's build.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this it passes over whatever uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=mold)
endif()

# The program is linked statically. A shared library among what it links is an error for GNU ld, and mold takes it
# without a word: calls into it then end at address zero. So archives are asked for where a package has them, and
# libraries that others here want shared are linked by name, not by path: then the linker chooses the right form.
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 QUIET COMPONENTS json)
if(NOT Boost_FOUND)
  set(Boost_USE_STATIC_LIBS OFF)
  find_package(Boost 1.81 REQUIRED COMPONENTS json)
endif()
# Debian has no static libfmt. Which templates a library of it holds differs by its major version: of 9 they
# are known here, any other is used header-only.
find_package(fmt REQUIRED)
if(fmt_VERSION VERSION_GREATER_EQUAL 9 AND fmt_VERSION VERSION_LESS 10)
  set(CORDON_FMT_SOURCE ${PROJECT_SOURCE_DIR}/cmake/fmt.cc)
  add_library(cordon_fmt STATIC ${CORDON_FMT_SOURCE})
  target_include_directories(cordon_fmt SYSTEM PUBLIC
    $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
else()
  set(CORDON_FMT_SOURCE)
  add_library(cordon_fmt INTERFACE)
  target_link_libraries(cordon_fmt INTERFACE fmt::fmt-header-only)
endif()
find_package(PkgConfig REQUIRED)
function(cordon_linked_by_name name module)
  pkg_check_modules(${name} REQUIRED ${module})
  add_library(cordon_${name} INTERFACE)
  target_include_directories(cordon_${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIRS})
  target_link_directories(cordon_${name} INTERFACE ${${name}_LIBRARY_DIRS})
  target_link_libraries(cordon_${name} INTERFACE ${${name}_LIBRARIES})
endfunction()
cordon_linked_by_name(openssl openssl)
cordon_linked_by_name(seccomp libseccomp)
# 3.37: STRICT tables.
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.37)
# Asio and Beast are compiled once, for whoever includes them: with some files compiled header-only one program
# has two error categories of the same name, of which none equals the other. Connections stay on one thread,
# but answers come from others: the lock of the event loop stays.
find_package(Threads REQUIRED)
set(CORDON_BEAST_SOURCE ${PROJECT_SOURCE_DIR}/cmake/beast.cc)
set_source_files_properties(${CORDON_BEAST_SOURCE} PROPERTIES COMPILE_OPTIONS -w
  COMPILE_DEFINITIONS "BOOST_ASIO_SEPARATE_COMPILATION;BOOST_BEAST_SEPARATE_COMPILATION;BOOST_ASIO_NO_DEPRECATED")
add_library(cordon_beast STATIC ${CORDON_BEAST_SOURCE})
target_link_libraries(cordon_beast PUBLIC Boost::headers Threads::Threads)
target_compile_definitions(cordon_beast INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
# For jobs alone: neither the small program nor libcordon.so links it.
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(LZMA REQUIRED IMPORTED_TARGET liblzma)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                    -fstack-protector-strong)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options($<$<NOT:$<BOOL:${CORDON_SANITIZE}>>:-D_FORTIFY_SOURCE=2>)
  set(CMAKE_CXX_FLAGS_RELEASE "-O2")
endif()
if(CORDON_SANITIZE)
  add_compile_options(-fsanitize=${CORDON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CORDON_SANITIZE})
endif()
if(CORDON_FUZZERS)
  # libFuzzer is blind to code that does not report the branches it takes.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# cordon_test_program(NAME SOURCES...): GoogleTest takes most of a test's time: its headers are read once a
# program, and its macros not optimized. What is tested is in the libraries.
function(cordon_test_program target)
  add_executable(${target} ${ARGN})
  target_compile_options(${target} PRIVATE -O0 -U_FORTIFY_SOURCE)
  target_precompile_headers(${target} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
endfunction()

# cordon_library(NAME [DEPENDS lib...] [SOURCES extra...]): every *.cc of the folder that is not a test.
# Tests stand beside their source as NAME_test.cc and become one program a folder, test_NAME.
function(cordon_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;SOURCES;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  add_library(cordon_${name} STATIC ${sources} ${ARG_SOURCES})
  # What a folder may include: its own files, public headers, and the layers below it, each under
  # its own name ("core/unique_fd.h"). The link tree below src/ holds one alias per layer.
  set(view ${PROJECT_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${view}/${name} SYMBOLIC)
  target_include_directories(cordon_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  # -iquote: "linux/seccomp.h" is ours, <linux/seccomp.h> is the kernel's.
  target_compile_options(cordon_${name} PUBLIC "SHELL:-iquote ${view}")
  target_link_libraries(cordon_${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE})
  if(tests AND CORDON_TESTS)
    find_package(GTest REQUIRED)
    include(GoogleTest)
    cordon_test_program(test_${name} ${tests})
    target_link_libraries(test_${name} PRIVATE cordon_${name} GTest::gmock GTest::gtest_main)
    gtest_discover_tests(test_${name} DISCOVERY_MODE PRE_TEST)
  endif()
endfunction()

# A program without libc, of a few kilobytes; of the house it sees src/linux alone.
function(cordon_freestanding target)
  target_compile_options(${target} PRIVATE
    "SHELL:-iquote ${PROJECT_BINARY_DIR}/include/linux"
    -Os -g0 -ffreestanding -fno-stack-protector -fno-exceptions -fno-rtti -fno-sanitize=all
    -fno-asynchronous-unwind-tables -U_FORTIFY_SOURCE -fno-pic -fno-pie -Wno-conversion)
  target_link_options(${target} PRIVATE
    -nostdlib -static -fno-sanitize=all -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-s)
endfunction()

# A static program of a few files that Cordon puts where others are at home: it runs in any image.
function(cordon_inside_program target)
  add_executable(${target} ${ARGN})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/libexec/cordon)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_options(${target} PRIVATE "SHELL:-iquote ${PROJECT_BINARY_DIR}/include/core")
  # A sanitizer's runtime cannot be linked statically.
  target_compile_options(${target} PRIVATE -fno-sanitize=all -fno-exceptions -fno-rtti)
  target_link_options(${target} PRIVATE -fno-sanitize=all -static LINKER:--gc-sections)
  install(TARGETS ${target} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/cordon)
endfunction()
