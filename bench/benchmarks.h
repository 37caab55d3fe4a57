// Every benchmark of the table; each returns its lines.
#pragma once

#include <vector>

#include "measure.h"

namespace cordon::bench {

std::vector<Row> start_of_a_process(const Options& options);
std::vector<Row> execute_in_a_program(const Options& options);
std::vector<Row> many_at_a_time(const Options& options);
std::vector<Row> idle_memory(const Options& options);
std::vector<Row> output_stream(const Options& options);
std::vector<Row> policy_compile(const Options& options);
std::vector<Row> policy_layers(const Options& options);
std::vector<Row> preset_of_a_run(const Options& options);
std::vector<Row> guard_of_names(const Options& options);
std::vector<Row> daemon_over_its_socket(const Options& options);
std::vector<Row> manager_over_executor(const Options& options);
std::vector<Row> command_in_a_container(const Options& options);
std::vector<Row> command_in_an_instance(const Options& options);
std::vector<Row> command_on_gvisor(const Options& options);
std::vector<Row> job_with_much_data(const Options& options);
std::vector<Row> environments_of_projects(const Options& options);

// The part of guard_of_names() that runs in a sandbox: the only argument, and its main.
inline constexpr const char* kMeasureOpens = "--measure-opens";
int measure_opens();

}  // namespace cordon::bench
