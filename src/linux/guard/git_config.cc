#include "linux/guard/git_config.h"

namespace cordon::guard {

namespace {

struct Settings {
  const char* section;
  bool named;        // [section "name"]
  const char* keys;  // between spaces
};

constexpr Settings kHarmless[] = {
    {"branch", true, " description merge pushremote rebase remote "},
    {"color", false, " branch diff status ui "},
    {"commit", false, " cleanup gpgsign verbose "},
    {"core", false,
     " abbrev autocrlf bare bigfilethreshold commitgraph compression eol filemode ignorecase "
     "logallrefupdates longpaths precomposeunicode preloadindex quotepath repositoryformatversion "
     "safecrlf sharedrepository symlinks trustctime untrackedcache "},
    {"diff", false, " algorithm colormoved mnemonicprefix renames submodule "},
    {"extensions", false, " noop objectformat partialclone refstorage "},
    {"feature", false, " experimental manyfiles "},
    {"fetch", false, " fsckobjects parallel prune prunetags "},
    {"gc", false, " auto autodetach pruneexpire reflogexpire "},
    {"i18n", false, " commitencoding logoutputencoding "},
    {"index", false, " threads version "},
    {"init", false, " defaultbranch "},
    {"log", false, " date decorate follow "},
    {"maintenance", false, " auto strategy "},
    {"merge", false, " conflictstyle ff log renames "},
    {"pack", false, " threads window windowmemory "},
    {"pull", false, " ff rebase "},
    {"push", false, " autosetupremote default followtags gpgsign "},
    {"rebase", false, " autosquash autostash updaterefs "},
    {"receive", false, " denycurrentbranch denydeletes denynonfastforwards fsckobjects "},
    {"remote", true,
     " fetch mirror partialclonefilter promisor prune push pushurl skipfetchall tagopt url "},
    {"rerere", false, " autoupdate enabled "},
    {"status", false, " branch short showuntrackedfiles "},
    {"submodule", true, " active branch ignore url "},
    {"tag", false, " gpgsign sort "},
    {"transfer", false, " fsckobjects "},
    {"user", false, " email name useconfigonly "},
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Text trimmed(Text text) {
  while (!text.empty() && is_blank(text[0])) text = text.from(1);
  while (!text.empty() && is_blank(text[text.size - 1])) text = text.first(text.size - 1);
  return text;
}

Text take_word(Text& rest) {
  std::size_t size = 0;
  while (size < rest.size && is_word(rest[size])) ++size;
  const Text word = rest.first(size);
  rest = rest.from(size);
  return word;
}

bool same(Text text, Text small_text) {
  if (text.size != small_text.size) return false;
  for (std::size_t i = 0; i < text.size; ++i) {
    if (small(text[i]) != small_text[i]) return false;
  }
  return true;
}

bool listed(Text key, Text keys) {
  while (!keys.empty()) {
    Text rest = keys.from(1);
    const Text one = take_word(rest);
    if (same(key, one) && !key.empty()) return true;
    keys = rest;
    if (keys.size == 1) return false;
  }
  return false;
}

Text unquoted(Text value) {
  if (value.size >= 2 && value[0] == '"' && value[value.size - 1] == '"') {
    value = value.from(1).first(value.size - 2);
  }
  return value;
}

bool is_name_letter(char c) { return is_word(c) || c == '.' || c == '_' || c == '/' || c == '~'; }

// An address of another host. A path would be a repository on this one, perhaps made by the
// command: pushing to it runs its hooks. "helper::address" names a program to run, and a dash is an
// option to one.
bool is_remote_address(Text value) {
  constexpr const char* kSchemes[] = {"https://", "http://", "ssh://", "git://"};
  value = unquoted(value);
  for (std::size_t i = 0; i < value.size; ++i) {
    if (value[i] == '"' || value[i] == '#' || value[i] == ';') return false;
    if (i + 1 < value.size && value[i] == ':' && value[i + 1] == ':') return false;
  }
  for (const char* scheme : kSchemes) {
    const Text start(scheme);
    if (value.size > start.size && value.first(start.size) == start) {
      return value[start.size] != '-' && value[start.size] != '/';
    }
  }
  // host:path, as ssh has it: no slash before the colon.
  if (value.empty() || value[0] == '-') return false;
  std::size_t host = 0;
  while (host < value.size && value[host] != ':' && value[host] != '/') ++host;
  if (host == 0 || host == value.size || value[host] != ':') return false;
  return !value.from(host + 1).starts_with(Text("//"));  // another scheme, such as file
}

// "[section]" or "[section "name"]", and nothing else in the line.
const Settings* section_of(Text line) {
  line = line.from(1);
  const Text section = take_word(line);
  const bool named = !line.empty() && line[0] == ' ';
  if (named) {
    if (line.size < 3 || line[1] != '"') return nullptr;
    line = line.from(2);
    std::size_t end = 0;
    while (end < line.size && line[end] != '"') ++end;
    if (end == line.size) return nullptr;
    line = line.from(end + 1);
  }
  if (!(line == Text("]"))) return nullptr;
  for (const Settings& settings : kHarmless) {
    if (settings.named == named && same(section, Text(settings.section))) return &settings;
  }
  return nullptr;
}

// Where there is no remote of that name, git takes it for a path.
bool names_remote(Text content, Text name) {
  if (name == Text(".")) return true;
  if (name.empty() || name[0] == '-') return false;
  for (std::size_t i = 0; i < name.size; ++i) {
    if (!is_name_letter(name[i])) return false;
  }
  bool in_section = false;
  while (!content.empty()) {
    std::size_t size = 0;
    while (size < content.size && content[size] != '\n') ++size;
    const Text line = trimmed(content.first(size));
    content = content.from(size < content.size ? size + 1 : size);
    if (!line.empty() && line[0] == '[') {
      Text rest = line.from(1);
      in_section = same(take_word(rest), Text("remote")) && rest.size == name.size + 4 &&
                   rest.from(2).first(name.size) == name;
    } else if (in_section) {
      Text rest = line;
      if (same(take_word(rest), Text("url"))) return true;
    }
  }
  return false;
}

bool is_harmless_setting(const Settings* settings, Text line, Text content) {
  if (!settings) return false;
  const Text key = take_word(line);
  if (!listed(key, Text(settings->keys))) return false;
  line = trimmed(line);
  const bool address = same(key, Text("url")) || same(key, Text("pushurl"));
  const bool remote = same(key, Text("remote")) || same(key, Text("pushremote"));
  if (line.empty()) return !address && !remote;  // "key" alone is true
  if (line[0] != '=') return false;
  const Text value = trimmed(line.from(1));
  if (address) return is_remote_address(value);
  return !remote || names_remote(content, unquoted(value));
}

}  // namespace

bool is_harmless_git_config(Text content) {
  const Text whole = content;
  const Settings* settings = nullptr;
  while (!content.empty()) {
    std::size_t size = 0;
    while (size < content.size && content[size] != '\n') {
      // A backslash may go on in the next line or spell another character; a NUL ends what git
      // reads.
      if (content[size] == '\\' || content[size] == 0) return false;
      ++size;
    }
    const Text line = trimmed(content.first(size));
    content = content.from(size < content.size ? size + 1 : size);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      settings = section_of(line);
      if (!settings) return false;
    } else if (!is_harmless_setting(settings, line, whole)) {
      return false;
    }
  }
  return true;
}

}  // namespace cordon::guard
