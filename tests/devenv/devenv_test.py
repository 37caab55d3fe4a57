"""`cordon env` and ContainerSandbox against a real engine."""

import json
import os
import platform
import shutil
import signal
import subprocess
import threading
import unittest
import urllib.parse

from engine import IMAGE, Engine, archive, context, dead_owner, owner_label, root_archive
from over_http import OverHttp
from runs import PATIENCE, SOMEBODY, Runs, need_root

CORDON = os.environ["CORDON_TEST_PROGRAM"]
DRIVER = os.environ["CORDON_TEST_DRIVER"]


def setUpModule():
    need_root("the tests start an engine of their own")


class WithEngine(Runs):
    engine_type = Engine

    @classmethod
    def setUpClass(cls):
        cls.engine = cls.engine_type()
        cls.addClassCleanup(cls.engine.stop)

    def setUp(self):
        self.base = self.own_folder("cordon-test-env-")
        os.chmod(self.base, 0o755)
        self.project = os.path.join(self.base, "My Project")
        os.mkdir(self.project)
        os.chown(self.project, SOMEBODY, SOMEBODY)
        self.addCleanup(self.forget)

    def forget(self):
        for container in self.engine.containers():
            self.engine.request("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        for tag in self.images():
            self.engine.request("DELETE", f"/images/{tag}?force=1")

    def put(self, name, text, mode=0o644):
        path = os.path.join(self.project, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": "/root", "DOCKER_HOST": f"unix://{self.engine.socket}",
                "DOCKER_CONFIG": self.base, "CORDON_STATE_DIR": os.path.join(self.base, "state")}

    def env(self, verb, *options, project=True):
        named = ["--project", self.project] if project else []
        return subprocess.run([CORDON, "env", verb, *named, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=PATIENCE * 2, env=self.environment())

    def done(self, verb, *options, **more):
        run = self.env(verb, *options, **more)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run

    def build(self, *options):
        return json.loads(self.done("build", "--json", *options).stdout)

    def refused(self, *words, verb="build", options=()):
        run = self.env(verb, *options)
        self.assertEqual(run.returncode, 125, run.stdout + run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)
        return run

    def images(self):
        found = self.engine.request("GET", "/images/json?filters=" + urllib.parse.quote('{"label":["io.cordon.env"]}'))
        tags = [tag.removeprefix("docker.io/").removeprefix("library/") for image in found for tag in image["RepoTags"] or []]
        return sorted(tag for tag in tags if tag != "<none>:<none>")

    def dockerfile(self, *lines):
        self.put("Dockerfile", "\n".join([f"FROM {IMAGE}", *lines]) + "\n")


class Builds(WithEngine):
    def test_it_is_built_once_and_when_something_changes(self):
        self.put("app/a", "1")
        self.put("notes", "1")
        self.dockerfile("COPY app /app", "ENV BUILT=yes")
        first = self.build()
        self.assertTrue(first["built"])
        self.assertTrue(first["image"].startswith("cordon-env/my-project-"), first["image"])
        self.assertEqual(self.build()["built"], False)
        self.assertIn("fresh", self.done("status").stdout)
        with open(first["build_log"], encoding="utf-8") as log:
            self.assertIn("ENV BUILT=yes", log.read())
        self.assertEqual(os.stat(first["build_log"]).st_mode & 0o777, 0o600)

        self.put("notes", "2")  # not copied
        self.assertFalse(self.build()["built"])
        self.put("app/a", "2")
        self.assertIn("stale", self.done("status").stdout)
        second = self.build()
        self.assertTrue(second["built"])
        self.assertNotEqual(second["image"], first["image"])
        self.put("app/a", "1")
        self.assertEqual(self.build()["image"], first["image"])
        self.put("app/a", "1", mode=0o755)
        self.assertNotIn(self.build()["image"], (first["image"], second["image"]))

    def test_arguments_stages_and_dockerfiles_are_part_of_the_key(self):
        self.put("Dockerfile", f"ARG V=1\nFROM {IMAGE} AS one\nARG W\nENV W=$W\nFROM one\nENV STAGE=two\n")
        images = {self.build(*options)["image"] for options in
                  ((), ("--build-arg", "W=1"), ("--build-arg", "W=2"), ("--target", "one"))}
        self.assertEqual(len(images), 4)
        self.put("dev.Dockerfile", f"FROM {IMAGE}\n")
        self.assertEqual(self.build("-f", "dev.Dockerfile")["built"], True)
        self.assertEqual(len(json.loads(self.done("status", "--json", project=False).stdout)), 2)

    def test_what_it_starts_from_is_part_of_the_key(self):
        self.engine.request("POST", f"/images/{IMAGE}/tag?repo=base&tag=1")
        self.put("Dockerfile", "FROM base:1\nENV X=1\n")
        first = self.build()
        self.engine.request("POST", f"/images/{first['image']}/tag?repo=base&tag=1")
        self.assertTrue(self.build()["built"])

    def test_a_platform_is_part_of_the_key_and_is_what_it_says(self):
        own, other = ("arm64", "amd64") if platform.machine() == "aarch64" else ("amd64", "arm64")
        self.dockerfile("ENV X=1")
        first = self.build()["image"]
        named = self.build("--platform", f"linux/{own}")
        self.assertNotEqual(named["image"], first)
        self.assertEqual(self.build("--platform", f"linux/{own}")["built"], False)
        before = self.images()
        self.refused(f"linux/{other}: ", f"for linux/{own}", "docker pull --platform", options=["--platform", f"linux/{other}"])
        self.assertEqual(self.images(), before, "nothing is left of it")
        self.assertEqual(json.loads(self.done("status", "--json").stdout)[0]["image"], named["image"])
        # The control: of an image for that platform it is built.
        self.engine.load_made_for(other, "other:1", root_archive())
        self.put("Dockerfile", "FROM other:1\nENV X=1\n")
        made = self.build("--platform", f"linux/{other}")["image"]
        self.assertEqual(self.engine.request("GET", f"/images/{made}/json")["Architecture"], other)

    def test_limits_that_are_none_are_refused(self):
        self.dockerfile()
        for option, value in (("--memory", "-1"), ("--memory", "-1G"), ("--memory", "0"), ("--timeout", "-1s"), ("--timeout", "0")):
            for verb in ("build", "exec", "swap"):
                with self.subTest((verb, option, value)):
                    self.refused(option, value, verb=verb, options=[f"{option}={value}", *(["--", "true"] if verb == "exec" else [])])
        self.assertEqual((self.images(), self.engine.containers()), ([], []))
        self.build("--memory=64M", "--timeout=1m")  # the control

    def test_dockerignore(self):
        self.put(".dockerignore", "*.log\nsecret\n!keep.log\n")
        for name in ("a.log", "keep.log", "secret/key", "b"):
            self.put(name, "x")
        self.dockerfile("COPY . /ctx")
        image = json.loads(self.done("build", "--json").stdout)["image"]
        run = self.engine.plainly_in(image, "/bin/ls", "-A", "/ctx")
        self.assertEqual(sorted(run.split()), ["Dockerfile", "b", "keep.log"])
        self.put("a.log", "y")
        self.assertFalse(self.build()["built"])

    def test_the_dockerfile_that_was_looked_at_is_the_one_that_is_built(self):
        evil = f"FROM {IMAGE}\nRUN echo evil > /evil\n"
        self.put(".cordon-dockerfile", evil)
        self.put(".containerignore", "*")
        self.put("a", "1")
        self.dockerfile("COPY . /ctx")
        image = self.build()["image"]
        self.assertEqual(self.engine.plainly_in(image, "/bin/ls", "-A", "/ctx").split(), ["Dockerfile", "a"])
        self.assertNotIn("evil", self.engine.plainly_in(image, "/bin/ls", "/").split())
        # The control: the engine takes the last file of a name.
        self.engine.request("POST", "/build?dockerfile=f&t=control:1&rm=1&forcerm=1&networkmode=none",
                            context(("f", f"FROM {IMAGE}\n"), ("f", evil)), kind="application/x-tar")
        self.assertIn("evil", self.engine.plainly_in("control:1", "/bin/ls", "/").split())

    def test_an_engine_fetches_nothing_by_itself(self):
        self.dockerfile("COPY --from=127.0.0.1:1/not-there:1 /bin/sh /x")
        self.refused("--pull missing", options=["--pull", "never"])
        self.dockerfile("ADD http://127.0.0.1:1/x /x")
        self.refused("ADD", "--net open")
        self.refused("refused", options=["--net", "open"])  # the control: the engine's own words
        self.put("Dockerfile", f"FROM {IMAGE}\nENV A=1\n")
        plain = self.build()["image"]
        self.engine.request("POST", f"/commit?container={self.engine.make(plain)}&repo=onbuild&tag=1&changes="
                            + urllib.parse.quote("ONBUILD ADD http://127.0.0.1:1/x /x"), "{}")
        self.put("Dockerfile", "FROM onbuild:1\n")
        self.refused("ADD", "--net open")

    def test_bad_dockerfiles_are_refused_before_anything_starts(self):
        self.refused("Dockerfile", "No such file")
        for text, word in (("RUN x\n", "FROM"), ("", "FROM"), ("# nothing\n", "FROM")):
            self.put("Dockerfile", text)
            self.refused(word)
        os.unlink(os.path.join(self.project, "Dockerfile"))
        os.symlink("/etc/shadow", os.path.join(self.project, "Dockerfile"))
        self.refused("Dockerfile")
        os.unlink(os.path.join(self.project, "Dockerfile"))
        self.put("Dockerfile", "FROM 127.0.0.1:1/not-there:1\n")
        self.refused("--pull missing", options=["--pull", "never"])
        self.refused("no registry listens there")
        self.assertEqual(self.images(), [])

    def test_a_build_that_fails_says_what_it_said_and_changes_nothing(self):
        self.dockerfile()
        first = self.build()
        self.dockerfile("RUN echo all is lost >&2; exit 3")
        self.refused("all is lost", "--net open")
        self.assertIn("stale", self.done("status").stdout)
        self.dockerfile()
        self.assertEqual((self.build()["image"], self.build()["built"]), (first["image"], False))

    def test_a_build_has_an_end_and_no_network(self):
        self.dockerfile("RUN ip -o link | wc -l > /links; sleep 100")
        self.refused("longer than 2 s", options=["--timeout", "2s"])
        self.wait_until("the engine has ended it", lambda: not self.engine.containers())
        self.dockerfile("RUN test $(ls /sys/class/net | wc -l) = 1")
        self.build()

    def test_many_ask_at_once_and_one_builds(self):
        self.dockerfile("RUN sleep 1")
        results = []

        def ask():
            results.append(json.loads(self.env("build", "--json").stdout))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(result["built"] for result in results), [False, False, False, True])
        self.assertEqual(len({result["image"] for result in results}), 1)

    def test_gc_beside_a_first_build_takes_nothing_of_it(self):
        def built_beside(name, collect):
            """Of many steps, each without a name and without a container for a moment."""
            self.dockerfile(*(f"ENV {name}{number}=1" for number in range(60)))
            build = subprocess.Popen([CORDON, "env", "build", "--project", self.project], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, env=self.environment())
            self.ending(build)
            times = 0
            while build.poll() is None:
                collect()
                times += 1
            self.assertGreater(times, 1, "it was beside the build")
            return build.returncode

        def naively():
            for image in self.engine.request("GET", "/images/json?filters=" + urllib.parse.quote('{"dangling":["true"]}')):
                self.engine.request("DELETE", f"/images/{image['Id']}")

        self.assertEqual(built_beside("FIRST", lambda: self.done("gc", project=False)), 0)
        self.assertEqual(len(self.images()), 1)
        # The control: whoever removes what has no name ends a build. It may come a moment too late.
        self.assertTrue(any(built_beside(f"NAIVE{attempt}", naively) != 0 for attempt in range(5)))

    def test_garbage(self):
        self.dockerfile("ENV X=1")
        old = self.build()["image"]
        self.dockerfile("ENV X=2")
        new = self.build()["image"]
        self.assertEqual(self.images(), sorted([old, new]))
        self.done("gc", project=False)
        self.assertEqual(self.images(), [new])
        self.assertFalse(self.build()["built"])
        self.done("exec", "--", "true")
        shutil.rmtree(self.project)
        cleanup = json.loads(self.done("gc", "--json", project=False).stdout)
        self.assertEqual((cleanup["projects"], cleanup["containers"]), (1, 1))
        self.assertEqual((self.images(), self.engine.containers()), ([], []))


class Containers(WithEngine):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for which in ("one", "two", "broken"):
            cls.engine.import_root("which:" + which, root_archive(which, shell=which != "broken"))

    def driver(self, image="which:one", *more):
        return self.ending(subprocess.Popen([DRIVER, self.project, image, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            text=True, env=self.environment()))

    def ask(self, driver, line):
        driver.stdin.write(line + "\n")
        driver.stdin.flush()
        return driver.stdout.readline().rstrip("\n")

    def names(self):
        return sorted(name for container in self.engine.containers() for name in container["Names"])

    def test_a_life(self):
        driver = self.driver()
        self.assertEqual(self.ask(driver, "running"), "no")
        self.assertIn("container not running", self.ask(driver, "exec true"))
        self.assertEqual(self.ask(driver, "start"), "ok")
        first = self.ask(driver, "id")
        self.assertEqual(self.ask(driver, "start"), "ok")
        self.assertEqual(self.ask(driver, "id"), first, "start again is nothing")
        self.assertEqual(self.ask(driver, "exec echo out; echo err >&2; exit 3"), "failed 3 out| err| ")
        self.assertEqual(self.ask(driver, "exec pwd; id -u; echo x > made"), f"completed 0 {self.project}|{SOMEBODY}|  ")
        self.assertTrue(os.path.exists(os.path.join(self.project, "made")))
        self.assertEqual(self.ask(driver, "image"), "which:one")
        self.assertEqual(self.ask(driver, "stop"), "ok")
        self.assertEqual((self.ask(driver, "running"), self.names()), ("no", []))
        self.assertEqual(self.ask(driver, "start"), "ok")
        driver.stdin.close()
        self.assertEqual(driver.wait(PATIENCE), 0)
        self.assertEqual(self.names(), [], "it ends with its owner")

    def test_the_walls(self):
        driver = self.driver()
        self.ask(driver, "start")
        status = self.ask(driver, "exec cat /proc/self/status")
        for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
            self.assertIn(line, status)
        self.assertIn("failed", self.ask(driver, "exec echo x > /bin/x"))
        self.assertEqual(self.ask(driver, "exec ls /sys/class/net"), "completed 0 lo|  ")
        self.assertEqual(self.ask(driver, "exec test -e /var/run/docker.sock || echo none"), "completed 0 none|  ")
        self.assertIn('"syscalls"', self.ask(driver, "guarantees"))

    def test_a_timeout_kills_inside(self):
        driver = self.driver()
        self.ask(driver, "start")
        before = self.ask(driver, "id")
        self.assertTrue(self.ask(driver, "exec (sleep 1000 &) ; sleep 1001 > /dev/null & echo on").startswith("completed"))
        answer = self.ask(driver, "short echo begun; (sleep 2000 &); trap '' TERM INT; sleep 2001; sleep 2002")
        self.assertTrue(answer.startswith("timeout 124 begun|"), answer)
        processes = self.ask(driver, "exec ps")
        self.assertNotIn("sleep 200", processes)
        self.assertIn("sleep 1001", processes, "what another command left stays")
        self.assertEqual(self.ask(driver, "id"), before)

    def test_a_want_of_memory_is_told(self):
        driver = self.driver()
        self.ask(driver, "start")
        out = "out of memory: the container reached its memory limit"
        self.assertEqual(self.ask(driver, "exec guest memory_heap 400"), f"failed 137   {out} limit memory")
        self.assertEqual(self.ask(driver, "exec guest memory_heap 400 > /dev/null; exit 3"), f"failed 3  Killed| {out} limit memory", "of what it started")
        self.assertEqual(self.ask(driver, "exec kill -9 $$"), "failed 137   ", "the control: another kill, after those")
        self.assertEqual(self.ask(driver, "exec exit 3"), "failed 3   ")
        answer = self.ask(driver, "short guest memory_heap 400; sleep 100")
        self.assertTrue(answer.endswith("limit time"), answer)

    def test_a_timeout_of_what_comes_back_faster_than_it_goes(self):
        driver = self.driver()
        self.ask(driver, "start")
        answer = self.ask(driver, "short f() { f & f & sleep 1; }; f 2>/dev/null & exec sleep 100")
        self.assertTrue(answer.startswith("timeout 124"), answer)
        self.assertEqual(self.ask(driver, "exec echo alive"), "completed 0 alive|  ")

    def test_commands_during_a_swap_are_in_one_of_the_two(self):
        driver = self.driver()
        self.ask(driver, "start")
        before = self.ask(driver, "id")
        words = self.ask(driver, "storm which:two").split()
        self.assertEqual(words[0], "ok", words)
        self.assertIn("across-one-one|x1", words, "it ended after the swap, where it began")
        words.remove("across-one-one|x1")
        for word in words[1:]:
            self.assertRegex(word, r"^(one-one|two-two)\|x[0-9]+$")
        self.assertTrue(any(word.startswith("two-two") for word in words), words)
        self.assertNotEqual(self.ask(driver, "id"), before)
        self.assertEqual(self.ask(driver, "image"), "which:two")
        self.assertEqual(len(self.names()), 1, "the old one is gone")

    def test_an_image_for_the_next_one(self):
        driver = self.driver()
        self.ask(driver, "start")
        self.assertEqual(self.ask(driver, "set_image which:two"), "ok")
        self.assertEqual((self.ask(driver, "image"), self.ask(driver, "exec cat /which")), ("which:two", "completed 0 one|  "), "what runs, runs on")
        self.assertEqual((self.ask(driver, "swap"), self.ask(driver, "exec cat /which")), ("ok", "completed 0 two|  "))
        self.ask(driver, "set_image which:one")
        self.assertEqual((self.ask(driver, "stop"), self.ask(driver, "start"), self.ask(driver, "exec cat /which")), ("ok", "ok", "completed 0 one|  "))

    def test_what_the_policy_denies_is_not_there(self):
        self.put("secret/key", "of nobody's business")
        self.put("other", "")
        for hidden, sees in (("secret", False), ("other", True)):
            driver = self.driver("which:one", "", hidden)
            self.assertEqual(self.ask(driver, "start"), "ok")
            for image in ("one", "two"):
                answer = self.ask(driver, "exec cat secret/key")
                self.assertEqual("of nobody's business" in answer, sees, (hidden, image, answer))
                self.assertEqual(self.ask(driver, "swap which:two"), "ok")
            self.assertEqual(self.ask(driver, "stop"), "ok")

    def test_what_the_host_puts_in_the_place_of_what_is_denied(self):
        self.put("secret/key", "of nobody's business")
        driver = self.driver("which:one", "", "secret")
        self.assertEqual(self.ask(driver, "start"), "ok")
        first = self.ask(driver, "id")
        self.assertEqual(self.ask(driver, "exec true"), "completed 0   ")
        os.rename(self.project + "/secret", self.project + "/old")
        self.put("secret/key", "the new secret")
        refused = self.ask(driver, "exec cat secret/key")
        self.assertIn(f"the host has replaced {self.project}/secret", refused)
        self.assertIn("start() puts a new one in its place", refused)
        self.assertEqual(self.ask(driver, "start"), "ok")
        self.assertNotEqual(self.ask(driver, "id"), first)
        self.assertEqual(len(self.names()), 1)
        self.assertNotIn("the new secret", self.ask(driver, "exec cat secret/key"))
        self.assertIn("of nobody's business", self.ask(driver, "exec cat old/key"), "the control: that name is not denied")

    def test_what_is_kept_of_the_output_is_bounded(self):
        driver = self.driver()
        self.ask(driver, "start")
        self.assertEqual(self.ask(driver, "keep 4 printf 12345; printf 1234 >&2"), "1234 cut 1234 whole")
        self.assertEqual(self.ask(driver, "keep 5 printf 12345; printf 123456 >&2"), "12345 whole 12345 cut")

    def test_what_is_invalidated_is_built(self):
        self.put("Dockerfile", "FROM which:one\nRUN head -c 8 /dev/urandom > /made; echo said by the build\n")
        driver = self.driver()
        self.assertEqual(self.ask(driver, "manager invalidate"), "ok", "of nothing")
        built, first, said = self.ask(driver, "manager get").split(" ", 2)
        self.assertEqual(built, "built")
        self.assertIn("|said by the build|", said, "progress, as it comes")
        self.assertEqual(self.ask(driver, "manager get"), f"kept {first} ", "the control")
        self.assertEqual(self.ask(driver, "manager stale"), "no")
        self.assertEqual((self.ask(driver, "manager invalidate"), self.ask(driver, "manager stale")), ("ok", "yes"))
        built, second, _ = self.ask(driver, "manager get").split(" ", 2)
        self.assertEqual(built, "built")
        self.assertNotEqual(second, first, "of nothing that the engine remembers")
        self.assertEqual((self.ask(driver, "manager stale"), self.ask(driver, "manager get")), ("no", f"kept {second} "))

    def test_back_to_another_image_of_the_same_key(self):
        self.put("Dockerfile", "FROM which:one\nRUN head -c 8 /dev/urandom > /made\n")
        driver = self.driver()
        first = self.ask(driver, "manager get").split()[1]
        [tag] = self.images()
        refused = self.ask(driver, "manager rebuild")
        self.assertIn("the previous image is the environment's again", refused)
        self.assertRegex(refused, "take sha256:")
        self.assertNotIn(first, refused, "another one was built")
        self.assertEqual(self.images(), [tag])
        self.assertEqual(self.engine.request("GET", f"/images/{tag}/json")["Id"], first)
        self.assertEqual(self.ask(driver, "manager get"), f"kept {first} ")

    def test_what_does_not_work_replaces_nothing(self):
        driver = self.driver("which:one", "grep -q one /which 2>/dev/null || { read -r w < /which; test $w = one; }")
        self.assertEqual(self.ask(driver, "start"), "ok")
        before = self.ask(driver, "id")
        for image, word in (("which:two", "health check"), ("which:broken", ""), ("which:none", "No such image")):
            answer = self.ask(driver, "swap " + image)
            self.assertTrue(answer.startswith("error") and word in answer, answer)
            self.assertEqual((self.ask(driver, "id"), self.ask(driver, "image")), (before, "which:one"))
            self.assertEqual(self.ask(driver, "exec cat /which"), "completed 0 one|  ")
            self.assertEqual(len(self.names()), 1)

    def test_a_project_has_one(self):
        driver = self.driver()
        self.ask(driver, "start")
        other = self.driver()
        self.assertIn("another owner that is alive", self.ask(other, "start"))
        driver.kill()
        driver.wait()
        self.assertEqual(len(self.names()), 1)
        self.assertEqual(self.ask(other, "start"), "ok", "one whose owner is dead is replaced")
        self.assertEqual(len(self.names()), 1)

    def test_built_from_a_text(self):
        driver = self.driver()
        self.ask(driver, "start")
        answer = self.ask(driver, "build FROM which:one|RUN echo three > /which")
        self.assertTrue(answer.startswith("ok cordon-env/my-project-"), answer)
        self.assertEqual(self.ask(driver, "exec cat /which"), "completed 0 one|  ")
        self.assertEqual(self.ask(driver, "swap"), "ok")
        self.assertEqual(self.ask(driver, "exec cat /which"), "completed 0 three|  ")
        self.assertIn("FROM", self.ask(driver, "build RUN true"))
        self.assertIn("so it ends", self.ask(driver, "build FROM which:one|RUN echo so it ends; false"))


class Life(OverHttp, WithEngine):
    def test_what_the_host_puts_in_the_place_of_what_is_protected(self):
        def save():
            self.put(".git/config.lock", "[core]\n", mode=0o666)
            os.rename(self.project + "/.git/config.lock", self.project + "/.git/config")

        def protected():
            [container] = self.engine.containers()
            pid = self.engine.request("GET", f"/containers/{container['Id']}/json")["State"]["Pid"]
            with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
                return container["Id"], "/.git/config " in file.read()
        for name in ("objects/one", "refs/one", "HEAD"):
            self.put(".git/" + name, "")
        save()
        self.dockerfile()
        append = ["--", "echo PAYLOAD >> .git/config"]
        self.assertNotEqual(self.env("exec", *append).returncode, 0)
        before, held = protected()
        self.assertTrue(held)
        self.done("exec", "--", "true")
        self.assertEqual(protected()[0], before, "it stays where nothing was replaced")
        save()
        self.assertEqual(protected(), (before, False), "the control: it lets go of what is replaced")
        self.assertNotEqual(self.env("exec", *append).returncode, 0)
        after, held = protected()
        self.assertTrue(held)
        self.assertNotEqual(after, before)
        with open(self.project + "/.git/config", encoding="utf-8") as file:
            self.assertEqual(file.read(), "[core]\n")

    def test_a_container_is_kept_swapped_and_stopped(self):
        self.dockerfile("ENV WHICH=one")
        self.assertEqual(self.done("exec", "--", "echo $WHICH").stdout, "one\n")
        before = [container["Id"] for container in self.engine.containers()]
        self.assertEqual(len(before), 1)
        quoted = self.done("exec", "--", "echo", "it's", "a  b", "$HOME")
        self.assertEqual(quoted.stdout, "it's a  b $HOME\n")
        self.assertEqual([container["Id"] for container in self.engine.containers()], before)
        run = self.env("exec", "--", "echo x; echo y >&2; exit 7")
        self.assertEqual((run.stdout, run.stderr, run.returncode), ("x\n", "y\n", 7))
        self.assertEqual(self.env("exec", "--timeout", "500ms", "--", "sleep 100").returncode, 124)
        for command, code, limit in (("guest memory_heap 400", 137, "memory"), ("kill -9 $$", 137, None), ("true", 0, None)):
            run = self.env("exec", "--json", "--memory", "64M", "--", command)  # which replaces it, once
            result = json.loads(run.stdout)
            self.assertEqual((run.returncode, result["limit_hit"]), (code, limit), result)
            self.assertLess(0, result["resource_usage"]["cpu_time_ns"])
            self.assertLess(0, result["resource_usage"]["memory_peak_bytes"])

        self.dockerfile("ENV WHICH=two")
        swapped = json.loads(self.done("swap", "--json").stdout)
        containers = self.engine.containers()
        self.assertEqual([container["Id"] for container in containers], [swapped["container_id"]])
        self.assertEqual(self.done("exec", "--", "echo $WHICH").stdout, "two\n")

        self.dockerfile("ENV WHICH=three")
        self.refused("health check", "the previous image is the environment's again", verb="swap",
                     options=["--health-check", "kill -9 -1; sleep 100", "--json"])
        self.assertEqual(self.engine.containers()[0]["Id"], swapped["container_id"])
        record = json.loads(self.done("status", "--json").stdout)[0]
        self.assertEqual(record["image"], swapped["image"])
        self.dockerfile("ENV WHICH=two")
        self.assertEqual(self.done("exec", "--", "echo $WHICH").stdout, "two\n")
        self.assertEqual([container["Id"] for container in self.engine.containers()], [swapped["container_id"]])
        self.done("stop")
        self.done("stop")
        self.assertEqual(self.engine.containers(), [])

    def test_killed_in_the_middle_of_a_build(self):
        self.dockerfile("RUN echo begun > /x; sleep 1000")
        process = subprocess.Popen([CORDON, "env", "build", "--project", self.project], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment())
        self.wait_until("it builds", lambda: any("sleep 1000" in one["Command"] for one in self.engine.containers()))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.wait_until("the engine ends a build that nobody waits for", lambda: not self.engine.containers())
        self.assertEqual(self.done("status").stdout, "")
        self.done("gc", project=False)
        self.assertEqual(self.images(), [])
        left = self.engine.request("GET", "/images/json?all=1")
        self.assertEqual([image["RepoTags"] for image in left], [[IMAGE]])

    def test_what_dead_owners_left_is_removed_and_nothing_else(self):
        with open("/proc/self/stat", encoding="utf-8") as stat:
            alive = stat.read().rsplit(")", 1)[1].split()[19]
        ids = {"dead": "0123456789abcdef", "alive": "fedcba9876543210"}
        for name, owner in {"dead": dead_owner(), "alive": owner_label(os.getpid(), alive)}.items():
            labels = {"io.cordon.owner": owner, "io.cordon.sandbox": ids[name]}
            self.engine.request("POST", "/volumes/create", json.dumps({"Name": name, "Labels": labels}))
            self.engine.request("POST", "/networks/create", json.dumps({"Name": name, "Internal": True, "Labels": labels}))
            self.engine.make(IMAGE, "cordon-" + ids[name], labels)
        self.engine.request("POST", "/volumes/create", json.dumps({"Name": "others"}))
        self.done("gc", project=False)
        volumes = [volume["Name"] for volume in self.engine.request("GET", "/volumes")["Volumes"]]
        self.assertIn("alive", volumes)
        self.assertIn("others", volumes)
        self.assertNotIn("dead", volumes)
        networks = [network["Name"] for network in self.engine.request("GET", "/networks")]
        self.assertNotIn("dead", networks)
        self.assertEqual([container["Names"] for container in self.engine.containers()], [["/cordon-" + ids["alive"]]])
        self.engine.request("DELETE", f"/containers/cordon-{ids['alive']}?force=1")

    def test_labels_of_an_image_give_nothing_away(self):
        self.dockerfile()
        self.done("exec", "--", "true")
        kept = self.engine.containers()[0]["Labels"]["io.cordon.sandbox"]
        shutil.rmtree(self.project)
        labels = {"io.cordon.env": kept, "io.cordon.sandbox": kept, "io.cordon.env.project": self.project}
        self.engine.import_root("labelled:1", archive({"f": b"labelled"}), labels)
        environment = "0123456789abcdef"
        labels["io.cordon.env"] = environment
        for name in ("cordon-env/mine:1", f"cordon-env/its-{environment}:1"):
            self.engine.import_root(name, archive({"f": name.encode()}), labels)
        self.engine.import_root("unnamed:1", archive({"f": b"1"}), labels)
        unnamed = self.engine.request("GET", "/images/unnamed:1/json")["Id"]
        self.engine.import_root("unnamed:1", archive({"f": b"2"}))  # which takes its name away
        self.addCleanup(self.engine.request, "DELETE", "/images/unnamed:1?force=1")
        self.addCleanup(self.engine.request, "DELETE", f"/images/{unnamed}?force=1")
        others = self.engine.make("labelled:1")
        self.done("gc", project=False)
        self.assertEqual([one["Id"] for one in self.engine.containers()], [others], "the control: of its name it is removed")
        self.assertIn(f"cordon-env/its-{environment}:1", self.images(), "nothing is known of it: another state directory's")
        with open(os.path.join(self.base, "state", "env", environment + ".lock"), "w", encoding="utf-8"):
            pass  # it was built here once
        self.done("gc", project=False)
        self.assertEqual(sorted(self.images()), ["cordon-env/mine:1", "labelled:1"], "the control: then it is removed")
        self.assertEqual(self.engine.request("GET", f"/images/{unnamed}/json").get("Id"), unnamed)

    def test_gc_leaves_what_somebody_committed_without_a_name(self):
        self.dockerfile("ENV A=1")
        image = json.loads(self.done("build", "--json").stdout)["image"]
        container = self.engine.make(image)
        committed = self.engine.request("POST", f"/commit?container={container}", "{}")["Id"]
        self.addCleanup(self.engine.request, "DELETE", f"/images/{committed}?force=1")
        self.engine.request("DELETE", f"/containers/{container}?force=1&v=1")
        self.dockerfile("ENV B=2")
        self.done("build")
        self.done("gc", project=False)
        self.assertNotIn(image, self.images(), "the control: what it was made from was an environment's, and is gone by its name")
        self.assertEqual(self.engine.request("GET", f"/images/{committed}/json").get("Id"), committed)

    def test_gc_leaves_what_another_state_directory_knows_of(self):
        self.dockerfile()
        self.done("exec", "--", "true")
        kept = [container["Id"] for container in self.engine.containers()]
        self.assertEqual(len(kept), 1)
        shutil.rmtree(self.project)
        own = self.environment
        self.environment = lambda: own() | {"CORDON_STATE_DIR": os.path.join(self.base, "other")}
        self.done("gc", project=False)
        self.assertEqual([container["Id"] for container in self.engine.containers()], kept)
        self.environment = own
        self.done("gc", project=False)
        self.assertEqual(self.engine.containers(), [], "the control")

    def test_a_label_of_the_image_makes_no_kept_container_a_dead_owners(self):
        self.dockerfile(f"LABEL io.cordon.owner={dead_owner()}")
        self.done("exec", "--", "true")
        kept = [container["Id"] for container in self.engine.containers()]
        self.assertEqual(self.engine.inspect(kept[0])["Config"]["Labels"]["io.cordon.owner"], "")
        self.done("gc", project=False)
        self.done("exec", "--", "true")
        self.assertEqual([container["Id"] for container in self.engine.containers()], kept)


if __name__ == "__main__":
    unittest.main()
