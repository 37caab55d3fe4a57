// npm, from a tarball that is already here.
#include "compat/tool.h"

namespace cordon::test {
namespace {

class Node : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    NEEDS("node");
  }
};

TEST_P(Node, CiFromALocalTarball) {
  NEEDS("npm");
  caller_dir(home() + "/.npm");
  caller_dir(home() + "/.npm/_cacache");
  caller_file(home() + "/.npmrc", "//example.com/:_authToken=secret\n", 0600);
  caller_dir(work() + "/tiny");
  caller_file(work() + "/tiny/package.json",
              R"({"name": "tiny", "version": "1.0.0", "main": "index.js", "bin": "index.js"})");
  caller_file(work() + "/tiny/index.js", "#!/usr/bin/env node\nmodule.exports = 42;\n");
  caller_file(work() + "/package.json",
              R"({"name": "app", "version": "1.0.0",
  "scripts": {"postinstall": "echo ran > postinstall.txt"},
  "dependencies": {"tiny": "file:tiny-1.0.0.tgz"}})");
  expect_works({"--pack", "node"}, R"end(
(cd tiny; npm pack --silent --pack-destination ..) >/dev/null
npm install --offline --silent --no-audit --no-fund
rm -rf node_modules postinstall.txt
npm ci --offline --silent --no-audit --no-fund
node -e 'if (require("tiny") !== 42) process.exit(1)'
test -s postinstall.txt
npm ls --silent >/dev/null)end");
  if (caller() == Caller::Degraded) return;
  EXPECT_EQ(inside({"--pack", "node"}, "cat ~/.npmrc").out, "");
  // What it fetched is there for the next run.
  EXPECT_TRUE(exists(home() + "/.npm/_cacache/index-v5"));
}

TEST_P(Node, WorkersChildrenAndTheirSockets) {
  caller_file(work() + "/job.js", R"end(
const { fork } = require('child_process'), net = require('net'), fs = require('fs');
if (process.argv[2] === 'child') { process.send(process.pid); process.exit(0); }
const server = net.createServer(s => s.end('hi')).listen(0, '127.0.0.1', () => {
  net.connect(server.address().port, '127.0.0.1').on('data', d => {
    if (d.toString() !== 'hi') process.exit(1);
    server.close();
    fork(__filename, ['child']).on('message', () => fs.writeFileSync('done', 'x'));
  });
});
)end");
  // Where no network namespace can be had there is no loopback either.
  if (caller() == Caller::Degraded) return;
  expect_works({"--pack", "node"}, "node job.js; test -s done");
}

INSTANTIATE_TEST_SUITE_P(Native, Node, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
