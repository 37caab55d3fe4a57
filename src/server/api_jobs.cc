// Files in, one command, files out: the routes under /api/v1/jobs. A job is an execution, with the
// id, record, output, events and rights of one.
#include <fmt/format.h>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/try.h"
#include "jobs/tar_member.h"
#include "server/answers.h"
#include "server/api.h"
#include "server/file_source.h"
#include "server/job_body.h"
#include "server/job_work.h"
#include "server/parameters.h"
#include "server/record_json.h"
#include "server/tar_upload.h"

namespace cordon::server {

namespace {

constexpr std::size_t kMostListed = 200;

std::unexpected<Error> not_yours(std::string field, std::string remedy) {
  return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                               .operation = std::move(field),
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "only root and the daemon's own user name files of this "
                                         "machine",
                               .remedy = std::move(remedy)});
}

}  // namespace

Admission Api::admit_upload(const UploadNames& names, const Request& request, const Caller& caller,
                            const Reply& reply) {
  if (!request.has_body) return {};
  auto upload = TarUpload::make(
      names, request, uploads_, caller.name, most_body_,
      [this](std::function<void()> task) { return disk_->post(std::move(task)); },
      [reply] { reply.wake(); });
  if (!upload) return {.refused = field_answer(upload.error())};
  return {.sink = *std::move(upload),
          .most_body_bytes = TarUpload::has_file(request)
                                 ? uploads_.limits().file_bytes + most_body_
                                 : most_body_};
}

void Api::start_job(Call& call) {
  if (!check_query(call, {})) return;
  const auto upload = std::static_pointer_cast<TarUpload>(std::move(call.request.sink));
  if (!upload) return answer(call, refusal(400, "invalid_argument", "invalid request body"));
  const auto shared = std::make_shared<Call>(std::move(call));
  if (disk_->post([this, shared, upload] { start_job_here(*shared, *upload); })) return;
  answer(*shared, refusal(503, "unavailable", "too much of this is under way"));
}

void Api::start_job_here(Call& call, TarUpload& upload) {
  auto content = upload.finish();
  auto body =
      content ? read_job_body(content->words) : Result<JobBody>(std::unexpected(content.error()));
  if (!body) return answer(call, field_answer(body.error()));
  const bool async = body->command.async;
  const bool inputs = !body->input_dir.empty() || !body->input_tar.empty();
  if (content->file && inputs) {
    return answer(call, refusal(400, "invalid_argument", "there is one input at most", "input"));
  }
  auto work = std::make_shared<JobWork>(
      *std::move(body), std::move(content->file), jobs_,
      JobStore::Owner{call.caller().name, call.identity.max_artifact_bytes});
  launch(call, job_request(call, work),
         {.async = async,
          .action = "job",
          .place = "/api/v1/jobs/",
          .accepted = [work](const std::string& id) { return work->accept(id); },
          .ended =
              [work](const SharedResult& result) {
                if (const auto refusal = work->refusal()) return field_answer(*refusal);
                return json_answer(job_json(*result, work->words()));
              }});
}

Result<ManagedRequest> Api::job_request(const Call& call,
                                        const std::shared_ptr<JobWork>& work) const {
  const JobBody& body = work->body();
  if (call.caller().role != CallerRole::Administrator) {
    if (!body.input_dir.empty()) return not_yours("input_dir", "send the input as a tar");
    if (!body.mounts.empty()) return not_yours("mounts", "send what it needs as its input");
  }
  ManagedRequest request = TRY(managed_request(call, body.command));
  // What a daemon gives to commands that do not say is not what a job gets: none.
  request.network = NetworkChoice::AsPolicy;
  Policy& policy = request.execution.policy;
  if (body.disk_bytes &&
      (!policy.limits.disk_bytes || *body.disk_bytes < *policy.limits.disk_bytes)) {
    policy.limits.disk_bytes = body.disk_bytes;
  }
  for (std::size_t i = 0; i < body.mounts.size(); ++i) {
    policy.filesystem.push_back({.access = body.mounts[i].access,
                                 .path = body.mounts[i].path,
                                 .origin = fmt::format("mounts[{}]", i)});
  }
  TRY(work->check(policy));
  request.run = [work](const ManagedRun& run) { return work->run(run); };
  return request;
}

// Whether it is a job of this caller's; an answer has been given where it is not.
bool Api::find_job(const Call& call) {
  const auto found = manager_.inspect(call.id(), call.caller());
  if (found && jobs_.contains(call.id())) return true;
  if (!found && found.error().code != ErrorCode::NotFound) {
    fail(call, found.error());
  } else {
    answer(call, refusal(404, "not_found", "job not found"));
  }
  return false;
}

void Api::job_status(Call& call) {
  if (!check_query(call, {}) || !find_job(call)) return;
  on_disk(call, [this](Call& later) {
    const auto result = manager_.status(later.id(), later.caller());
    if (!result) return fail_execution(later, result.error());
    answer(later, json_answer(job_json(**result, jobs_.words(later.id()).value_or(""))));
  });
}

void Api::list_jobs(Call& call) {
  if (!check_query(call, {"limit", "before"})) return;
  const auto size = number_of(call.target, "limit", 50, 1, kMostListed);
  if (!size) return answer(call, parameter_answer(size.error()));
  on_disk(call, [this, most = static_cast<std::size_t>(*size)](Call& later) {
    ExecutionList list;
    for (const std::string& id : jobs_.ids(later.target.parameter("before").value_or(""))) {
      auto record = manager_.inspect(id, later.caller());
      if (!record) continue;  // somebody else's, or gone
      if (list.executions.size() == most) {
        list.next = list.executions.back().id;
        break;
      }
      list.executions.push_back(*std::move(record));
    }
    answer(later, json_answer(to_json(list, "jobs")));
  });
}

void Api::remove_job(Call& call) {
  if (!check_query(call, {}) || !find_job(call)) return;
  remove(call);
}

void Api::cancel_job(Call& call) {
  if (find_job(call)) kill(call);
}

void Api::job_events(Call& call) {
  if (find_job(call)) events(call);
}

void Api::job_output(Call& call) {
  if (find_job(call)) output(call);
}

// No name of a guest's stands in a header: the client knows what it asked for.
void Api::artifacts(Call& call) {
  if (!check_query(call, {"path"}) || !find_job(call)) return;
  on_disk(call, [this](Call& later) {
    auto tar = jobs_.tar(later.id());
    const off_t end = tar ? ::lseek(tar->get(), 0, SEEK_END) : 0;
    // Nor is it there once it has been emptied to be removed.
    if (end <= 0) {
      return answer(later,
                    refusal(404, "not_found", "its artifacts are not there yet, or not any more"));
    }
    const auto path = later.target.parameter("path");
    jobs::TarMember wanted{.offset = 0, .bytes = static_cast<std::uint64_t>(end)};
    if (path) {
      const auto found = jobs::find_in_tar(tar->get(), *path);
      if (!found) return fail(later, found.error());
      if (!*found) {
        return answer(later,
                      refusal(404, "not_found", "there is no artifact of this name", "path"));
      }
      wanted = **found;
    }
    http_.answered(200);
    later.reply.stream({.body = {},
                        .content_type = std::string(path ? "application/octet-stream" : kTar),
                        .headers = {{"Content-Disposition", "attachment"}}},
                       std::make_unique<FileSource>(*std::move(tar), wanted.offset, wanted.bytes));
  });
}

void Api::on_disk(Call& call, std::function<void(Call&)> task) {
  const auto shared = std::make_shared<Call>(std::move(call));
  if (disk_->post([shared, task = std::move(task)] { task(*shared); })) return;
  answer(*shared, refusal(503, "unavailable", "too much of this is under way"));
}

void Api::sweep() {
  (void)disk_->post([this] {
    const Caller everybody{.name = "cordon", .role = CallerRole::Administrator};
    jobs_.sweep([&](const std::string& id) {
      const auto record = manager_.inspect(id, everybody);
      return record || record.error().code != ErrorCode::NotFound;
    });
  });
}

}  // namespace cordon::server
