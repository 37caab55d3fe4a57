// Turns policies/default.toml into a C++ table, so that a run does not pay for parsing it.
//   embed_policy default.toml output.inc
#include <toml++/toml.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view kTables[] = {"system",
                                        "denied",
                                        "secret",
                                        "protected",
                                        "protected_in_git_worktree",
                                        "unprotected",
                                        "git_config",
                                        "device",
                                        "proc_read_only",
                                        "proc_hidden",
                                        "proc_hidden_directory",
                                        "root_socket",
                                        "shared_place",
                                        "forbidden_work_dir"};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

void write_table(std::FILE* out, std::string_view name, const toml::table& document) {
  std::fprintf(out, "constexpr DefaultEntry k_%s[] = {\n", std::string(name).c_str());
  const toml::array* entries = document[name].as_array();
  if (!entries || entries->empty()) throw std::string("no [[" + std::string(name) + "]] entries");
  for (const auto& entry : *entries) {
    const toml::table* table = entry.as_table();
    const auto path = table ? (*table)["path"].value<std::string>() : std::nullopt;
    const auto reason = table ? (*table)["reason"].value<std::string>() : std::nullopt;
    if (!path || !reason || table->size() != 2) {
      throw std::string("each [[" + std::string(name) + "]] has a path and a reason, nothing else");
    }
    std::fprintf(out, "    {%s, %s},\n", quoted(*path).c_str(), quoted(*reason).c_str());
  }
  std::fprintf(out, "};\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: embed_policy INPUT.toml OUTPUT.inc\n");
    return 2;
  }
  try {
    const toml::table document = toml::parse_file(argv[1]);
    for (const auto& [key, value] : document) {
      bool known = false;
      for (const auto name : kTables) known = known || key.str() == name;
      if (!known) throw std::string("unknown table [[" + std::string(key.str()) + "]]");
    }
    std::FILE* out = std::fopen(argv[2], "w");
    if (!out) throw std::string("cannot write " + std::string(argv[2]));
    for (const auto name : kTables) write_table(out, name, document);
    return std::fclose(out) == 0 ? 0 : 1;
  } catch (const toml::parse_error& error) {
    std::fprintf(stderr, "%s:%u:%u: %s\n", argv[1], error.source().begin.line,
                 error.source().begin.column, std::string(error.description()).c_str());
  } catch (const std::string& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[1], problem.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
  }
  return 1;
}
