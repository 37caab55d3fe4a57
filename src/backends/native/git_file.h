// `.git` as a file: "gitdir: PATH", as linked worktrees and submodules have it
// (gitrepository-layout(5)).
#pragma once

#include <optional>
#include <string>

namespace cordon::native {

// The canonical path that such a file names; absent when it is none, or nothing is there.
std::optional<std::string> git_file_target(const std::string& git_file);

// A linked worktree's part of a repository, and the repository's own git directory.
struct LinkedWorktree {
  std::string git_directory;     // REPOSITORY/.git/worktrees/NAME
  std::string common_directory;  // REPOSITORY/.git
};

// Whose worktree `work_dir` is. Anybody who can write there can make its `.git` name any
// repository, so the repository has to know about it: its own `gitdir` leads back to this
// directory, and both belong to one user. Absent otherwise, and where the repository lies in the
// work directory.
std::optional<LinkedWorktree> linked_worktree(const std::string& work_dir);

}  // namespace cordon::native
