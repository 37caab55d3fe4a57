// The files of a project that a build copies: which, whether they changed, and as an archive.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/unique_fd.h"
#include "devenv/dockerfile.h"
#include "devenv/sha256.h"
#include "engine/client.h"

namespace cordon::devenv {

struct ContextEntry {
  std::string path;  // relative
  mode_t mode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // seconds
};

// What was there at one moment. Symbolic links are entries, never followed; sockets, pipes and
// devices are left out, and what the engine would read in place of archive()'s own: .dockerignore,
// .containerignore and kDockerfile in the root.
class BuildContext {
 public:
  // Of `directory`, what the Dockerfile's sources name and .dockerignore leaves. Errors: those of
  // reading; ResourceExhausted: more than a million entries, or
  // than 32 GiB, or nested deeper than 256.
  static Result<BuildContext> scan(const std::string& directory, const Dockerfile& dockerfile);

  // Of names and what stat(2) tells: the same as before means that nothing was changed since.
  const std::string& fingerprint() const { return fingerprint_; }
  // Nothing was changed so recently that a clock could have missed a second change.
  bool settled() const { return settled_; }
  std::size_t files() const { return entries_.size(); }

  // Of names, modes and contents. Errors: those of reading; Conflict: somebody changed a file
  // meanwhile.
  Result<std::string> content_hash() const;

  // The archive, with a Dockerfile of that text. `hash` gets what content_hash() would say, once
  // the archive has been read to its end. The context must outlive the source.
  engine::BodySource archive(std::string dockerfile, std::shared_ptr<Sha256> hash) const;
  // Its name in the archive.
  static constexpr std::string_view kDockerfile = ".cordon-dockerfile";
  static constexpr std::string_view kIgnoreFile = ".dockerignore";

 private:
  friend class ContextScan;
  UniqueFd directory_;
  std::string path_;
  std::vector<ContextEntry> entries_;
  std::string fingerprint_;
  bool settled_ = false;
};

}  // namespace cordon::devenv
