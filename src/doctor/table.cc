#include "doctor/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "core/utf8.h"

namespace cordon::doctor {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kNameWidth = 18;
constexpr std::size_t kStateWidth = 9;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kTextAt = kIndent + kNameWidth + kStateWidth;

// Host files and daemons put words into the report: none of them may steer the terminal.
std::string printable(std::string_view text) {
  std::string clean = replace_invalid_utf8(text);
  std::ranges::replace_if(clean, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return clean;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

// How many bytes the first `count` characters take.
std::size_t bytes_of(std::string_view text, std::size_t count) {
  std::size_t bytes = 0;
  for (; bytes < text.size(); ++bytes) {
    const bool starts = (static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80;
    if (starts && count-- == 0) break;
  }
  return bytes;
}

// Lines of at most `width`; a single word longer than that is cut.
std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::istringstream words(printable(text));
  for (std::string word; words >> word;) {
    std::string& line = lines.back();
    if (!line.empty() && columns(line) + 1 + columns(word) > width) lines.emplace_back();
    while (columns(word) > width) {
      const std::size_t cut = bytes_of(word, width);
      lines.back() = word.substr(0, cut);
      word.erase(0, cut);
      lines.emplace_back();
    }
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

class Table {
 public:
  explicit Table(Colours colours) : colours_(colours) {}

  void title(std::string_view text) {
    if (!out_.empty()) out_ += '\n';
    out_ += paint("1", printable(text)) + "\n";
  }

  void row(std::string_view name, std::string_view state, std::string_view state_colour,
           std::string_view text) {
    out_.append(kIndent, ' ');
    cell(name, kNameWidth, {});
    cell(state, kStateWidth, state_colour);
    paragraph(text, {});
  }

  void check(std::string_view name, const Check& check) {
    row(name, to_string(check.state), colour_of(check.state), check.found);
    if (check.remedy.empty()) return;
    out_.append(kTextAt, ' ');
    paragraph("-> " + check.remedy, "36");
  }

  void text(std::string_view text) {
    out_.append(kTextAt, ' ');
    paragraph(text, {});
  }

  std::string take() { return std::move(out_); }

 private:
  static std::string_view colour_of(State state) {
    switch (state) {
      case State::Ok:
        return "32";
      case State::Limited:
        return "33";
      case State::Missing:
        break;
    }
    return "31";
  }

  std::string paint(std::string_view colour, std::string text) const {
    if (colours_ == Colours::Off || colour.empty() || text.empty()) return text;
    return fmt::format("\x1b[{}m{}\x1b[0m", colour, text);
  }

  void cell(std::string_view text, std::size_t width, std::string_view colour) {
    const std::string clean = printable(text);
    out_ += paint(colour, clean);
    out_.append(width - std::min(width, columns(clean)), ' ');
  }

  // Text in the last column: its first line where the cursor is, the others below it.
  void paragraph(std::string_view text, std::string_view colour) {
    bool first = true;
    for (std::string& line : wrap(text, kWidth - kTextAt)) {
      if (!first) out_.append(kTextAt, ' ');
      first = false;
      out_ += paint(colour, std::move(line)) + "\n";
    }
  }

  Colours colours_;
  std::string out_;
};

struct Reason {
  std::string text;
  std::vector<std::string> names;
};

// Guarantees of one strength, those with the same reason together.
void guarantees_of(Table& table, const Guarantees& guarantees, Strength strength,
                   std::string_view label) {
  std::vector<std::string> names;
  std::vector<Reason> reasons;
  for (const Guarantee& guarantee : guarantees) {
    if (guarantee.strength != strength) continue;
    names.push_back(guarantee.name);
    if (strength == Strength::Enforced || guarantee.reason.empty()) continue;
    auto reason = std::ranges::find(reasons, guarantee.reason, &Reason::text);
    if (reason == reasons.end()) reason = reasons.insert(reasons.end(), {guarantee.reason, {}});
    reason->names.push_back(guarantee.name);
  }
  table.row(label, {}, {}, names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
  for (const Reason& reason : reasons) {
    table.text(fmt::format("{}: {}", fmt::join(reason.names, ", "), reason.text));
  }
}

std::string heading(const HostReport& report) {
  std::string text = fmt::format("This host, for user {}", report.uid);
  if (report.uid == 0) text += " (root)";
  if (report.container != linux_os::ContainerKind::None) {
    text += fmt::format(", with the marks of a container ({})", to_string(report.container));
  }
  return text;
}

}  // namespace

std::string render_table(const HostReport& report, Colours colours) {
  Table table(colours);
  table.title(heading(report));
  for (const CheckRow& row : check_rows()) table.check(row.label, report.*row.check);

  table.title("Tiers");
  for (const TierReport& tier : report.tiers) {
    const std::string name = tier.backend.empty()
                                 ? std::string(to_string(tier.tier))
                                 : fmt::format("{} ({})", to_string(tier.tier), tier.backend);
    table.check(name, tier.check);
  }

  table.title("Levels, and the backend that each takes here");
  for (const LevelReport& level : report.levels) {
    const std::string name = level.backend.empty()
                                 ? std::string(to_string(level.level))
                                 : fmt::format("{} ({})", to_string(level.level), level.backend);
    table.check(name, level.check);
  }

  table.title("Guarantees of the light tier, as a run here reported them");
  if (report.guarantees.empty()) {
    table.row("none", {}, {}, "nothing could be run");
  } else {
    guarantees_of(table, report.guarantees, Strength::Enforced, "full");
    guarantees_of(table, report.guarantees, Strength::Partial, "partial");
    guarantees_of(table, report.guarantees, Strength::Absent, "absent");
  }
  return table.take();
}

}  // namespace cordon::doctor
