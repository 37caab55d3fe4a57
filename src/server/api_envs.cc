// Environments of projects: the routes under /api/v1/envs. A build is an execution, with the id,
// record, output, events, limits and rights of one; so is a swap.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <string_view>
#include <utility>

#include "core/try.h"
#include "core/utf8.h"
#include "server/answers.h"
#include "server/api.h"
#include "server/env_view.h"
#include "server/env_work.h"
#include "server/tar_upload.h"

namespace cordon::server {

namespace {

namespace json = boost::json;

constexpr std::string_view kPlace = "/api/v1/envs/";
constexpr std::size_t kMostTail = 16 << 10;

bool is_under_way(const std::optional<ExecutionRecord>& run) {
  return run && (run->result.status == ExecutionStatus::Pending ||
                 run->result.status == ExecutionStatus::Running);
}

}  // namespace

// RUN is root in a container of the engine, with the engine's walls, images and network.
bool Api::may_build(const Identity& identity) {
  return identity.caller.role == CallerRole::Administrator ||
         identity.environments == EnvironmentGrant::Own;
}

bool Api::check_env(const Call& call, std::initializer_list<std::string_view> known) {
  if (!check_query(call, known)) return false;
  if (!may_build(call.identity)) {
    answer(call,
           refusal(403, code_of_status(403),
                   "this caller has no environments: send a job instead, or have a key made with "
                   "cordon keys add NAME --environments"));
    return false;
  }
  if (call.parameters.empty() || is_project_name(call.parameters.front())) return true;
  answer(call, refusal(400, "invalid_argument",
                       "a name has 1 to 64 letters, digits, dots, underscores and dashes, not a "
                       "dot first",
                       "project"));
  return false;
}

void Api::build_env(Call& call) {
  if (!check_env(call, {})) return;
  auto upload = std::static_pointer_cast<TarUpload>(std::move(call.request.sink));
  on_disk(call, [this, upload](Call& later) { build_env_here(later, upload.get()); });
}

void Api::build_env_here(Call& call, TarUpload* upload) {
  EnvTask task;
  task.name = {.owner = call.caller().name, .project = std::string(call.id())};
  const auto kept = envs_.find(task.name);
  if (kept) task.words = kept->words;
  if (upload != nullptr) {
    auto content = upload->finish();
    if (!content) return answer(call, field_answer(content.error()));
    task.words = std::move(content->words);
    task.context = std::move(content->file);
  }
  auto body = read_env_body(task.words.empty() ? "{}" : task.words);
  if (!body) return answer(call, field_answer(body.error()));
  task.body = *std::move(body);
  const bool host = !task.body.project_dir.empty();
  if (host && call.caller().role != CallerRole::Administrator) {
    return answer(call, refusal(403, code_of_status(403),
                                "only root and the daemon's own user name files of this machine; "
                                "send the project as a tar",
                                "project_dir"));
  }
  if (task.context && host) {
    return answer(call,
                  refusal(400, "invalid_argument", "there is one project at most", "context"));
  }
  if (!task.context && !host && !envs_.has_context(task.name)) {
    return answer(call, refusal(400, "invalid_argument",
                                "there are no files of this project yet: send them as a tar, or "
                                "name a project_dir",
                                "context"));
  }
  launch_env(call, std::move(task));
}

void Api::swap_env(Call& call) {
  if (!check_env(call, {})) return;
  on_disk(call, [this](Call& later) {
    EnvTask task;
    task.verb = EnvVerb::Swap;
    task.name = {.owner = later.caller().name, .project = std::string(later.id())};
    auto health_check = read_swap_body(later.request.body);
    if (!health_check) return answer(later, field_answer(health_check.error()));
    const auto kept = envs_.find(task.name);
    auto body = kept ? read_env_body(kept->words) : Result<EnvBody>();
    if (!kept || !body) {
      return answer(later, refusal(404, "not_found", "there is no environment of this name"));
    }
    task.body = *std::move(body);
    task.words = kept->words;
    task.health_check = *std::move(health_check);
    launch_env(later, std::move(task));
  });
}

void Api::answer_started(const Reply& reply, const EnvName& name, const std::string& id) {
  Response started = json_answer(fmt::format(R"({{"id":"{}","status":"running"}})", id), 202);
  started.headers.emplace_back("Location", fmt::format("{}{}", kPlace, name.project));
  answer(reply, std::move(started));
}

// On the one thread that launches them: whoever finds somebody else's turn finds its id, too.
void Api::launch_env(Call& call, EnvTask task) {
  const bool joins = task.verb == EnvVerb::Build && task.context == nullptr;
  const EnvName name = task.name;
  auto turn = envs_.take_turn(name);
  if (!turn) {
    const std::string other = envs_.turn_of(name);
    if (joins && !other.empty()) return answer_started(call.reply, name, other);
    return answer(call, refusal(409, code_of_status(409),
                                "it is being built, swapped or removed: wait for its end, or "
                                "end it with POST /api/v1/sandbox/kill/{id}"));
  }
  ExecuteBody command = task.body.command;
  command.command = "env";
  command.args = {task.verb == EnvVerb::Build ? "build" : "swap", name.project};
  const bool build = task.verb == EnvVerb::Build;
  // The answer waits until what was sent has been looked at.
  auto work = std::make_shared<EnvWork>(
      std::move(task), envs_, std::move(turn), env_state_dir_,
      [this, reply = call.reply, name](const std::string& id) { answer_started(reply, name, id); });
  auto request = managed_request(call, command);
  if (request) {
    // What a daemon gives to commands that do not say is not what a build gets: none.
    request->network = NetworkChoice::AsPolicy;
    request->run_on = "docker";
    request->run = [work](const ManagedRun& run) { return work->run(run); };
  }
  launch(call, std::move(request),
         {.async = true,
          .action = build ? "env build" : "env swap",
          .place = kPlace,
          .accepted =
              [&](const std::string& id) {
                envs_.name_turn(name, id);
                return manager_.on_finished(
                    id, call.caller(),
                    [this, reply = call.reply, work](const SharedResult& result) {
                      if (const auto why = work->refusal())
                        return answer(reply, field_answer(*why));
                      if (work->was_accepted()) return;
                      answer(reply, refusal(503, "unavailable", result->error));
                    });
              },
          .ended = {},
          .answer = Launch::Answer::Elsewhere});
}

Result<EnvView> Api::view_env(const EnvPlaces::Kept& kept, const Caller& caller) const {
  EnvView view{.name = kept.name, .body = TRY(read_env_body(kept.words)), .env = {}, .run = {}};
  if (const auto run = manager_.inspect(kept.run, caller)) view.run = *run;
  const DevEnvRequest request = dev_env_request(envs_, kept.name, view.body);
  const auto manager =
      TRY(DevEnvManager::open({.state_dir = env_state_dir_,
                               .pull = view.body.pull,
                               .network = view.body.command.network.value_or(NetworkMode::None)}));
  auto env = manager->find(request);
  if (!env) {
    if (env.error().code != ErrorCode::NotFound) return std::unexpected(env.error());
    view.state = EnvState::Gone;
  } else if (*env) {
    view.env = **env;
    view.state = TRY(manager->is_stale(request)) ? EnvState::Stale : EnvState::Fresh;
  }
  if (is_under_way(view.run)) view.state = EnvState::Building;
  return view;
}

void Api::env_status(Call& call) {
  if (!check_env(call, {})) return;
  on_engine(call, [this](Call& later) {
    const auto kept = envs_.find({later.caller().name, std::string(later.id())});
    if (!kept) {
      return answer(later, refusal(404, "not_found", "there is no environment of this name"));
    }
    const auto view = view_env(*kept, later.caller());
    if (!view) return fail(later, view.error());
    json::object object = to_json(*view);
    const std::uint64_t written = view->run ? view->run->stdout_bytes : 0;
    const auto tail =
        manager_.output(kept->run, later.caller(), Stream::Stdout,
                        written - std::min<std::uint64_t>(written, kMostTail), kMostTail);
    object["log_tail"] = json::string(replace_invalid_utf8(tail ? tail->bytes : ""));
    answer(later, json_answer(json::serialize(object)));
  });
}

void Api::list_envs(Call& call) {
  if (!check_env(call, {})) return;
  on_engine(call, [this](Call& later) {
    if (const auto engine = DevEnvManager::open({.state_dir = env_state_dir_}); !engine) {
      return fail(later, engine.error());
    }
    json::array list;
    for (const EnvPlaces::Kept& kept : envs_.list(later.caller().name)) {
      auto view = view_env(kept, later.caller());
      // One that cannot be looked at does not hide the others.
      if (!view) {
        view = EnvView{.name = kept.name,
                       .body = {},
                       .state = EnvState::Gone,
                       .env = {},
                       .run = {},
                       .error = view.error().message()};
      }
      list.push_back(to_json(*view));
    }
    answer(later, json_answer(json::serialize(json::object{{"envs", std::move(list)}})));
  });
}

void Api::remove_env(Call& call) {
  if (!check_env(call, {})) return;
  on_engine(call, [this](Call& later) {
    const EnvName name{later.caller().name, std::string(later.id())};
    const auto kept = envs_.find(name);
    if (!kept) {
      return answer(later, refusal(404, "not_found", "there is no environment of this name"));
    }
    const auto turn = envs_.take_turn(name);
    if (!turn) {
      return answer(later, refusal(409, code_of_status(409), "it is being built or swapped"));
    }
    // Of what was sent alone: what lies elsewhere on the host is its owner's, who may have it under
    // other names. Not without an engine: nobody would know of its image and container.
    const auto clean = [&]() -> Result<DevEnvCleanup> {
      const auto manager = TRY(DevEnvManager::open({.state_dir = env_state_dir_}));
      const bool was_sent = envs_.has_context(name);
      EnvBody body = read_env_body(kept->words).value_or(EnvBody());
      body.project_dir.clear();
      const EnvPlaces::Grave grave = TRY(envs_.remove(name));
      auto removed = was_sent ? manager->remove_project(dev_env_request(envs_, name, body))
                              : Result<DevEnvCleanup>(DevEnvCleanup());
      envs_.clear(grave);  // after the container, which has the project mounted
      return removed;
    };
    const auto cleanup = clean();
    decided(later, "env remove", cleanup ? "allowed" : "refused",
            cleanup ? "" : cleanup.error().message(), name.project);
    if (!cleanup) return fail(later, cleanup.error());
    answer(later, json_answer(to_json(*cleanup)));
  });
}

void Api::prune_envs(Call& call) {
  if (!check_env(call, {})) return;
  if (call.caller().role != CallerRole::Administrator) {
    return answer(call, refusal(403, code_of_status(403),
                                "only root and the daemon's own user clean up behind everybody; "
                                "DELETE /api/v1/envs/{project} removes one of yours"));
  }
  on_engine(call, [this](Call& later) {
    const auto manager = DevEnvManager::open({.state_dir = env_state_dir_});
    const auto cleanup = manager ? (*manager)->collect_garbage()
                                 : Result<DevEnvCleanup>(std::unexpected(manager.error()));
    decided(later, "env gc", cleanup ? "allowed" : "refused",
            cleanup ? "" : cleanup.error().message(), {});
    if (!cleanup) return fail(later, cleanup.error());
    answer(later, json_answer(to_json(*cleanup)));
  });
}

void Api::on_engine(Call& call, std::function<void(Call&)> task) {
  const auto shared = std::make_shared<Call>(std::move(call));
  if (engine_->post([shared, task = std::move(task)] { task(*shared); })) return;
  answer(*shared, refusal(503, "unavailable", "too much of this is under way"));
}

}  // namespace cordon::server
