// A browser: many processes, shared memory in /dev/shm, thousands of system calls.
#include "compat/tool.h"

namespace cordon::test {
namespace {

using Chromium = ToolTest;

TEST_P(Chromium, RendersAPage) {
  NEEDS("chromium");
  caller_file(
      work() + "/page.html",
      "<html><body><script>document.body.innerText = 6 * 7 + ' is it';</script></body></html>\n");
  // Our walls are outside; its own would need namespaces in ours.
  expect_works({"--env", "CHROME_LOG_FILE=/dev/null"}, R"end(
chromium --headless --no-sandbox --disable-gpu --user-data-dir="$TMPDIR/profile" --dump-dom "file://$PWD/page.html" > dom 2> log || { tail -20 log; exit 1; }
grep -q '42 is it' dom
chromium --headless --no-sandbox --disable-gpu --user-data-dir="$TMPDIR/profile" --screenshot="$PWD/shot.png" --window-size=200,100 "file://$PWD/page.html" >/dev/null 2>&1
test -s shot.png)end");
}

// Its processes share pictures and messages: in files of /dev/shm, or, as newer versions do, in
// memory files without a name. Neither is Cordon's to choose; that one of them works is.
TEST_P(Chromium, SharesMemoryBetweenItsProcesses) {
  NEEDS("chromium");
  caller_file(work() + "/page.html", "<html><body>fine</body></html>\n");
  expect_works({"--env", "CHROME_LOG_FILE=/dev/null"}, R"end(
chromium --headless --no-sandbox --disable-gpu --user-data-dir="$TMPDIR/profile" --dump-dom "file://$PWD/page.html" > dom 2> log &
browser=$!
sharers=0
while kill -0 $browser 2>/dev/null; do
  now=$(grep -lE ' (/dev/shm/|/memfd:shared-memory)' /proc/[0-9]*/maps 2>/dev/null | wc -l)
  if [ "$now" -gt "$sharers" ]; then sharers=$now; fi
done
wait $browser
grep -q fine dom
test "$sharers" -ge 2)end");
}

INSTANTIATE_TEST_SUITE_P(Native, Chromium, full_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
