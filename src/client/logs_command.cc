#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/write_all.h"
#include "client/commands.h"
#include "client/resolve_id.h"
#include "core/try.h"

namespace cordon::client {

namespace {

struct Piece {
  Stream stream;
  std::string bytes;
};

Result<void> write_piece(Stream stream, std::string_view bytes) {
  const int fd = stream == Stream::Stdout ? STDOUT_FILENO : STDERR_FILENO;
  if (cli::write_all(fd, bytes)) return {};
  return std::unexpected(system_error("write what it wrote to", std::string(to_string(stream))));
}

}  // namespace

Result<int> run_logs(const ClientOptions& options) {
  auto executions = TRY(connect(options.places));
  const std::string id = TRY(resolve_id(*executions, options.ids.front()));
  const bool live = executions->is_live();
  std::vector<Piece> held;
  Result<void> written;
  TRY(executions->read_output(id, options.follow ? Follow::UntilItEnds : Follow::UntilNow,
                              [&](Stream stream, std::string_view bytes) {
                                if (options.stream && stream != *options.stream) return true;
                                if (live) {
                                  written = write_piece(stream, bytes);
                                } else {
                                  held.push_back({stream, std::string(bytes)});
                                }
                                return written.has_value();
                              }));
  TRY(std::move(written));
  executions.reset();
  for (const Piece& piece : held) TRY(write_piece(piece.stream, piece.bytes));
  return 0;
}

}  // namespace cordon::client
