// Runs one command in a sandbox from a C++ program. Build it with
//   c++ -std=c++23 embed.cpp $(pkg-config --cflags --libs cordon)
// or with CMake: find_package(cordon REQUIRED), target_link_libraries(... cordon::cordon).
#include <cordon/executor.h>

#include <filesystem>
#include <iostream>

int main() {
  auto executor = cordon::Executor::create();
  if (!executor) return std::cerr << executor.error().message() << '\n', 1;
  cordon::ExecutionRequest request;
  request.command = "sh";
  request.args = {"-c", "echo hello from $(hostname); exit 7"};
  request.work_dir = std::filesystem::current_path().string();
  request.policy.limits.memory_bytes = 64 << 20;
  auto result = executor->execute(request);
  if (!result) return std::cerr << result.error().message() << '\n', 1;
  std::cout << "exit code " << result->exit_code << '\n' << result->stdout_data;
  for (const auto& guarantee : result->guarantees)
    std::cout << guarantee.name << ": " << to_string(guarantee.strength) << '\n';
}
