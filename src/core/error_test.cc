#include "cordon/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace cordon {
namespace {

TEST(ErrorMessage, NamesOperationSubjectReasonDetailAndRemedy) {
  Error error = system_error("mount the work directory", "/srv/project", EACCES);
  EXPECT_EQ(error.message(), "mount the work directory /srv/project: Permission denied");
  error.detail = "detail";
  error.remedy = "remedy";
  EXPECT_EQ(error.message(),
            "mount the work directory /srv/project: Permission denied (detail); remedy");
}

TEST(ErrorMessage, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(invalid_argument("read the size", "12x", "unknown unit").message(),
            "read the size 12x: unknown unit");
  EXPECT_EQ(invalid_argument("run", "", "no command").message(), "run: no command");
  EXPECT_EQ(Error{}.message(), "internal");
}

TEST(ErrorMessage, IsOneLineWithoutTerminalEscapes) {
  const std::string text =
      invalid_argument("open", "/a\nroot: all good\x1b[2J", "bad\tname").message();
  EXPECT_EQ(text, "open /a\\nroot: all good\\x1b[2J: bad\\tname");
}

TEST(Error, InAddsTheOuterOperation) {
  const Error error = system_error("open", "/x", ENOENT).in("read the input").in("--stdin");
  EXPECT_EQ(error.message(), "--stdin: read the input: open /x: No such file or directory");
  EXPECT_EQ(error.code, ErrorCode::NotFound);
}

TEST(SystemError, ReadsErrnoAndDerivesTheCode) {
  errno = EMFILE;
  const Error error = system_error("pipe");
  EXPECT_EQ(error.sys_errno, EMFILE);
  EXPECT_EQ(error.code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(system_error("x", "", EPERM).code, ErrorCode::PermissionDenied);
  EXPECT_EQ(system_error("x", "", ENOSYS).code, ErrorCode::Unsupported);
  EXPECT_EQ(system_error("x", "", ENOTDIR).code, ErrorCode::InvalidArgument);
  EXPECT_EQ(system_error("x", "", EIO).code, ErrorCode::Internal);
}

}  // namespace
}  // namespace cordon
