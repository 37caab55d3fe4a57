// A program that gives up what it does not need before it touches what it does not trust.
#include <cordon/landlock.h>
#include <cordon/seccomp.h>

#include <fstream>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: self_sandbox INPUT_DIRECTORY OUTPUT_DIRECTORY\n", 2;
  auto report =
      cordon::Landlock().add_read_only(argv[1]).add_read_write(argv[2]).apply_to_process();
  if (!report) return std::cerr << report.error().message() << '\n', 1;
  for (const auto& path : report->missing_paths) std::cerr << path << " is not there\n";
  auto filtered = cordon::apply(cordon::default_profile());
  if (!filtered) return std::cerr << filtered.error().message() << '\n', 1;

  const auto can = [](bool yes) { return yes ? "yes" : "no"; };
  const std::string input = argv[1], output = argv[2];
  std::cout << "read input: " << can(std::ifstream(input + "/file").good()) << '\n'
            << "change input: " << can(std::ofstream(input + "/file", std::ios::app).good()) << '\n'
            << "write output: " << can(std::ofstream(output + "/result").good()) << '\n'
            << "read /etc/passwd: " << can(std::ifstream("/etc/passwd").good()) << '\n';
}
