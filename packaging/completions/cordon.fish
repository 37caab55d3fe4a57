# Completion of cordon for fish.

# The command of `cordon run`, `job`, `explain` and `learn`, once there is one, completes as itself.
function __cordon_run_command
    set -l words (commandline -opc) (commandline -ct)
    set -e words[1]
    contains -- "$words[1]" run job explain learn; or return 1
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                break
            case '--*=*' --no-project-policy --no-policy-files --allow-degraded --tty --json --toml --dry-run --help -h
                set -e words[1]
            case '-?*'
                set -e words[1]
                set -q words[1]; and set -e words[1]
            case '*'
                break
        end
    end
    test (count $words) -gt 0; and printf '%s\n' $words
end

function __cordon_complete_command
    set -l words (__cordon_run_command)
    set -l begun $words[-1]
    set -e words[-1]
    complete -C (string join ' ' -- (string escape -- $words) $begun)
end

function __cordon_before_subcommand
    test (count (commandline -opc)) -eq 1
end

function __cordon_in
    set -l words (commandline -opc)
    test "$words[2]" = "$argv[1]"; or return 1
    not contains -- "$argv[1]" run job explain learn; or not __cordon_run_command >/dev/null
end

complete -c cordon -f
complete -c cordon -n __cordon_before_subcommand -a run -d 'run one command in a sandbox'
complete -c cordon -n __cordon_before_subcommand -a job -d 'files in, one command over them, files out'
complete -c cordon -n __cordon_before_subcommand -a explain -d 'run one command, and say what the policy refused'
complete -c cordon -n __cordon_before_subcommand -a learn -d 'run one command, and write the policy that it needs'
complete -c cordon -n __cordon_before_subcommand -a policy -d 'what a run may do'
complete -c cordon -n __cordon_before_subcommand -a serve -d 'the same for others, over HTTP'
complete -c cordon -n __cordon_before_subcommand -a keys -d 'who may use that over TCP'
complete -c cordon -n __cordon_before_subcommand -a doctor -d 'what this host can enforce'
complete -c cordon -n __cordon_before_subcommand -a env -d 'an image for each project, and a container that stays'
complete -c cordon -n __cordon_before_subcommand -a help -d 'the page of a subcommand'
complete -c cordon -n __cordon_before_subcommand -l help -d 'print what cordon does'
complete -c cordon -n __cordon_before_subcommand -l version -d 'print the version'
complete -c cordon -n '__cordon_in help' -a 'run job explain learn policy doctor env serve keys'
complete -c cordon -n '__cordon_in policy' -a 'show check schema' -F
complete -c cordon -n '__cordon_in policy' -l all -d 'show: the default policy too'
complete -c cordon -n '__cordon_in policy' -l json -d 'show: one JSON object'
complete -c cordon -n '__cordon_in policy' -l workdir -r -a '(__fish_complete_directories)' -d 'the directory that a run works in'
complete -c cordon -n '__cordon_in policy' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in doctor' -l json -d 'print the findings as JSON'
complete -c cordon -n '__cordon_in doctor' -l help -d 'print the page of this subcommand'

complete -c cordon -n '__cordon_in serve' -l socket -r -F -d 'Listen there'
complete -c cordon -n '__cordon_in serve' -l socket-group -x -a '(__fish_complete_groups)' -d 'Members of GROUP may use it too, each for itself'
complete -c cordon -n '__cordon_in serve' -l allow-uid -x -d 'This user may use it too, where the socket\'s mode lets it'
complete -c cordon -n '__cordon_in serve' -l listen -x -d 'Listen there too'
complete -c cordon -n '__cordon_in serve' -l tls-cert -r -F -d 'Certificate with its chain, in PEM: TLS 1.2 and 1.3'
complete -c cordon -n '__cordon_in serve' -l tls-key -r -F -d 'Its private key, in PEM'
complete -c cordon -n '__cordon_in serve' -l plain-text-over-the-network -d 'Listen on an address of the network without TLS: keys, commands and output can be read on the way'
complete -c cordon -n '__cordon_in serve' -l allow-host -x -d 'Clients may call the server NAME'
complete -c cordon -n '__cordon_in serve' -l allow-origin -x -d 'Web pages of ORIGIN may use the API'
complete -c cordon -n '__cordon_in serve' -l state-dir -x -a '(__fish_complete_directories)' -d 'Keep keys and records there'
complete -c cordon -n '__cordon_in serve' -l config -r -F -d 'Read options from FILE first, in TOML: max-running = 8'
complete -c cordon -n '__cordon_in serve' -l max-body -x -d 'Take bodies of at most SIZE'
complete -c cordon -n '__cordon_in serve' -l max-upload -x -d 'Take inputs of jobs of at most SIZE, and four times as much of all at a time'
complete -c cordon -n '__cordon_in serve' -l grace -x -d 'At the end, let what runs go on for at most DURATION'
complete -c cordon -n '__cordon_in serve' -l max-running -x -d 'Run at most N at a time'
complete -c cordon -n '__cordon_in serve' -l max-queued -x -d 'Let at most N wait'
complete -c cordon -n '__cordon_in serve' -l default-timeout -x -d 'For requests that do not say'
complete -c cordon -n '__cordon_in serve' -l max-timeout -x -d 'For any request'
complete -c cordon -n '__cordon_in serve' -l default-memory -x -d 'For requests that do not say'
complete -c cordon -n '__cordon_in serve' -l max-memory -x -d 'For any request'
complete -c cordon -n '__cordon_in serve' -l work-dir -x -a '(__fish_complete_directories)' -d 'Callers who are not administrators may name directories below DIR'
complete -c cordon -n '__cordon_in serve' -l lxc-executable -x -d 'lxc for LXD, incus or lxc-attach, also with a path: whose instances'
complete -c cordon -n '__cordon_in serve' -l lxc-socket -r -F -d 'Where it listens'
complete -c cordon -n '__cordon_in serve' -l lxc-containers -r -F -d 'Where lxc-attach finds its containers'
complete -c cordon -n '__cordon_in serve' -l lxc-project -x -d 'In this project of it'
complete -c cordon -n '__cordon_in serve' -l lxc-instance -x -d 'Requests without an image run in this instance, which runs already'
complete -c cordon -n '__cordon_in serve' -l lxc-image -x -d 'Requests without an image get an instance of this one'
complete -c cordon -n '__cordon_in serve' -l lxc-network -x -d 'Instances that are made get an address of this bridge, where the policy opens the network'
complete -c cordon -n '__cordon_in serve' -l gvisor-platform -x -a 'systrap kvm ptrace' -d 'nothing runs where that one does not work'
complete -c cordon -n '__cordon_in serve' -l output-lifetime -x -d 'Forget what a command wrote after DURATION; its record stays'
complete -c cordon -n '__cordon_in serve' -l output-quota -x -d 'Keep at most SIZE of output of all commands; the oldest goes first'
complete -c cordon -n '__cordon_in serve' -l record-lifetime -x -d 'Forget what ended longer ago, with its output'
complete -c cordon -n '__cordon_in serve' -l max-records -x -d 'Remember at most N executions; the oldest go first'
complete -c cordon -n '__cordon_in serve' -l artifact-lifetime -x -d 'Forget what a job left after DURATION; its record stays'
complete -c cordon -n '__cordon_in serve' -l artifact-quota -x -d 'Keep at most SIZE of what jobs left, a quarter of it of any one; the oldest goes first'
complete -c cordon -n '__cordon_in serve' -l max-audit-log -x -d 'Keep at most SIZE of audit.jsonl, half of it in audit.jsonl.1; the oldest goes first'
complete -c cordon -n '__cordon_in serve' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in keys' -a 'add list revoke'
complete -c cordon -n '__cordon_in keys' -l running -x -d 'it may have N commands running at a time'
complete -c cordon -n '__cordon_in keys' -l queued -x -d 'it may have N more waiting'
complete -c cordon -n '__cordon_in keys' -l artifacts -x -d 'keep at most SIZE of what its jobs leave; the oldest of it goes first'
complete -c cordon -n '__cordon_in keys' -l environments -d 'it may have environments: its builds read every image of the engine, and have it fetch from anywhere'
complete -c cordon -n '__cordon_in keys' -l policy -r -F -d 'the widest policy that it may ask for, in TOML'
complete -c cordon -n '__cordon_in keys' -l state-dir -x -a '(__fish_complete_directories)' -d 'the state directory of the daemon'
complete -c cordon -n '__cordon_in keys' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in explain' -l toml -d 'write the rules as a policy file does'
complete -c cordon -n '__cordon_in explain' -l json -d 'print the report as JSON'
complete -c cordon -n '__cordon_in explain' -l report -r -F -d 'where the report goes'
complete -c cordon -n '__cordon_in explain' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in job' -l input -r -F -d 'what the work directory starts from'
complete -c cordon -n '__cordon_in job' -l workdir -x -d 'where the command begins, below its private copy'
complete -c cordon -n '__cordon_in job' -l collect -x -d 'what to bring back'
complete -c cordon -n '__cordon_in job' -l output -r -F -d 'where that goes'
complete -c cordon -n '__cordon_in job' -l collect-limit -x -d 'the most that is brought back'
complete -c cordon -n '__cordon_in job' -l pull -x -a 'missing always never' -d 'whether the image is fetched first'
complete -c cordon -n '__cordon_in job' -l staging -x -a '(__fish_complete_directories)' -d 'where the private copy is made'
complete -c cordon -n '__cordon_in job' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in learn' -s o -l output -r -F -d 'the policy that is written'
complete -c cordon -n '__cordon_in learn' -l help -d 'print the page of this subcommand'

complete -c cordon -n __cordon_run_command -a '(__cordon_complete_command)'
complete -c cordon -n '__cordon_in run' -l preset -x -a 'strict workspace off' -d 'what to start from'
complete -c cordon -n '__cordon_in run' -l pack -x -a 'git node python rust go java cpp gpu ssh-agent x11' -d 'what a tool needs besides'
complete -c cordon -n '__cordon_in run' -l policy -r -F -d 'a policy in TOML'
complete -c cordon -n '__cordon_in run' -l no-project-policy -d 'leave the .cordon.toml of the work directory aside'
complete -c cordon -n '__cordon_in run' -l no-policy-files -d 'read no policy but that of --policy'
complete -c cordon -n '__cordon_in run' -l require -x -a 'filesystem.read filesystem.write network.egress process.tree process.isolation syscalls memory.limit cpu.limit pids.limit disk.limit output.limit ipc.unix_abstract ipc.unix_path ipc.sysv privileges devices env' -d 'run nothing where this is not enforced'
complete -c cordon -n '__cordon_in run' -l tier -x -a 'light gvisor container strong' -d 'how strong the wall is'
complete -c cordon -n '__cordon_in run' -l backend -x -a 'native gvisor docker lxc gvisor-docker' -d 'the implementation to use'
complete -c cordon -n '__cordon_in run' -l level -x -a 'default enhanced container maximum' -d 'what to ask for instead of a tier'
complete -c cordon -n '__cordon_in run' -l image -x -d 'the image of the container engine to start from'
complete -c cordon -n '__cordon_in run' -l pull -x -a 'missing always never' -d 'whether the image is fetched first'
complete -c cordon -n '__cordon_in run' -l hostname -x -d 'the host name it sees'
complete -c cordon -n '__cordon_in run' -l uid -x -d 'the user id it sees'
complete -c cordon -n '__cordon_in run' -l allow-degraded -d 'run even where not everything can be enforced'
complete -c cordon -n '__cordon_in run' -l workdir -x -a '(__fish_complete_directories)' -d 'the directory it works in, writable'
complete -c cordon -n '__cordon_in run' -l read -r -F -d 'show this path, read-only'
complete -c cordon -n '__cordon_in run' -l write -r -F -d 'show this path, writable'
complete -c cordon -n '__cordon_in run' -l protect -r -F -d 'keep this path from being changed'
complete -c cordon -n '__cordon_in run' -l deny -r -F -d 'refuse every access to this path'
complete -c cordon -n '__cordon_in run' -l hide -r -F -d 'let this path look empty'
complete -c cordon -n '__cordon_in run' -l net -x -a 'none open' -d network
complete -c cordon -n '__cordon_in run' -l env -x -d 'set a variable, NAME=VALUE'
complete -c cordon -n '__cordon_in run' -l pass-env -x -a '(set -xn)' -d 'pass on a variable of yours'
complete -c cordon -n '__cordon_in run' -l timeout -x -d 'end everything after this long'
complete -c cordon -n '__cordon_in run' -l memory -x -d 'memory and swap of all its processes'
complete -c cordon -n '__cordon_in run' -l cpus -x -d 'processor time, in processors'
complete -c cordon -n '__cordon_in run' -l pids -x -d 'processes and threads'
complete -c cordon -n '__cordon_in run' -l disk -x -d 'its private directories together'
complete -c cordon -n '__cordon_in run' -l output-limit -x -d 'standard output and standard error, each'
complete -c cordon -n '__cordon_in run' -l stdin -r -F -d 'where its input comes from'
complete -c cordon -n '__cordon_in run' -l tty -d 'give it a terminal of its own'
complete -c cordon -n '__cordon_in run' -l json -d 'print the result as one JSON object'
complete -c cordon -n '__cordon_in run' -l report -r -F -d 'write what was enforced to a file'
complete -c cordon -n '__cordon_in run' -l dry-run -d 'print the compiled plan and run nothing'
complete -c cordon -n '__cordon_in run' -l help -d 'print the page of this subcommand'

# Ids of what ran, newest first.
function __cordon_ids
    cordon ps --all --quiet --last 100 2>/dev/null
end
complete -c cordon -n '__cordon_in ps' -s a -l all -d 'Those that have ended, too'
complete -c cordon -n '__cordon_in ps' -l status -x -a 'pending running completed failed timeout killed' -d 'Those that are pending, running, completed, failed, timeout or killed; several with commas'
complete -c cordon -n '__cordon_in ps' -l backend -x -d 'Those of this backend'
complete -c cordon -n '__cordon_in ps' -l command -x -d 'Those whose command contains TEXT'
complete -c cordon -n '__cordon_in ps' -l caller -x -d 'Those of this caller: uid:1000, or key:ci. Others than administrators see their own'
complete -c cordon -n '__cordon_in ps' -l since -x -d 'Those that were begun no longer ago: 90s, 2h'
complete -c cordon -n '__cordon_in ps' -s n -l last -x -d 'The newest N at most'
complete -c cordon -n '__cordon_in ps' -s q -l quiet -d 'Ids and nothing else, whole'
complete -c cordon -n '__cordon_in ps' -l no-trunc -d 'Whole ids and commands'
complete -c cordon -n '__cordon_in ps' -l json -d 'One JSON array, as the API has them'
complete -c cordon -n '__cordon_in ps' -l socket -r -F -d 'Where the daemon listens'
complete -c cordon -n '__cordon_in ps' -l state-dir -x -a '(__fish_complete_directories)' -d 'What to read when no daemon runs'
complete -c cordon -n '__cordon_in ps' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in logs' -s f -l follow -d 'Go on until it ends'
complete -c cordon -n '__cordon_in logs' -l stream -x -a 'stdout stderr' -d 'stdout or stderr alone'
complete -c cordon -n '__cordon_in logs' -l socket -r -F -d 'Where the daemon listens'
complete -c cordon -n '__cordon_in logs' -l state-dir -x -a '(__fish_complete_directories)' -d 'What to read when no daemon runs'
complete -c cordon -n '__cordon_in logs' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in logs' -x -a '(__cordon_ids)'
complete -c cordon -n '__cordon_in kill' -l socket -r -F -d 'Where the daemon listens'
complete -c cordon -n '__cordon_in kill' -l state-dir -x -a '(__fish_complete_directories)' -d 'What to read when no daemon runs'
complete -c cordon -n '__cordon_in kill' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in kill' -x -a '(__cordon_ids)'
complete -c cordon -n '__cordon_in inspect' -l socket -r -F -d 'Where the daemon listens'
complete -c cordon -n '__cordon_in inspect' -l state-dir -x -a '(__fish_complete_directories)' -d 'What to read when no daemon runs'
complete -c cordon -n '__cordon_in inspect' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in inspect' -x -a '(__cordon_ids)'
complete -c cordon -n '__cordon_in rm' -s f -l force -d 'Kill what still runs, first'
complete -c cordon -n '__cordon_in rm' -l socket -r -F -d 'Where the daemon listens'
complete -c cordon -n '__cordon_in rm' -l state-dir -x -a '(__fish_complete_directories)' -d 'What to read when no daemon runs'
complete -c cordon -n '__cordon_in rm' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in rm' -x -a '(__cordon_ids)'
complete -c cordon -n '__cordon_in env' -l project -x -a '(__fish_complete_directories)' -d 'the project'
complete -c cordon -n '__cordon_in env' -a 'build status swap exec stop gc'
complete -c cordon -n '__cordon_in env' -s f -l file -r -F -d 'the Dockerfile, relative to the project'
complete -c cordon -n '__cordon_in env' -l build-arg -x -d 'an argument of the build'
complete -c cordon -n '__cordon_in env' -l target -x -d 'the stage to stop at'
complete -c cordon -n '__cordon_in env' -l platform -x -d 'what it is built for'
complete -c cordon -n '__cordon_in env' -l pull -x -a 'missing always never' -d 'whether the images it starts from are fetched'
complete -c cordon -n '__cordon_in env' -l net -x -a 'none open' -d 'the network of RUN, and of the container'
complete -c cordon -n '__cordon_in env' -l memory -x -d 'memory and swap of a RUN, and of the container'
complete -c cordon -n '__cordon_in env' -l timeout -x -d 'the longest that a build or a command may take'
complete -c cordon -n '__cordon_in env' -l health-check -x -d 'what a new container must do with success'
complete -c cordon -n '__cordon_in env' -l state-dir -x -a '(__fish_complete_directories)' -d 'what is remembered lies there'
complete -c cordon -n '__cordon_in env' -l json -d 'one JSON document on standard output'
complete -c cordon -n '__cordon_in env' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in prune' -l older-than -x -d 'Those that ended longer ago: 24h, 7d'
complete -c cordon -n '__cordon_in prune' -s f -l force -d 'Do not ask'
complete -c cordon -n '__cordon_in prune' -l socket -r -F -d 'Where the daemon listens'
complete -c cordon -n '__cordon_in prune' -l state-dir -x -a '(__fish_complete_directories)' -d 'What to read when no daemon runs'
complete -c cordon -n '__cordon_in prune' -l help -d 'print the page of this subcommand'
complete -c cordon -n '__cordon_in stats' -l json -d 'One JSON object, as the API has it'
complete -c cordon -n '__cordon_in stats' -l socket -r -F -d 'Where the daemon listens'
complete -c cordon -n '__cordon_in stats' -l state-dir -x -a '(__fish_complete_directories)' -d 'What to read when no daemon runs'
complete -c cordon -n '__cordon_in stats' -l help -d 'print the page of this subcommand'
