# shellcheck shell=bash
# Completion of cordon for bash.

# The options of each subcommand; a test compares them with what the program takes.
_cordon_run_switches='--no-project-policy --no-policy-files --allow-degraded --tty --json --dry-run --help'
_cordon_run_values='--preset --pack --policy --require --tier --backend --level --image --pull --hostname --uid --workdir
  --read --write --protect --deny --hide --net
  --env --pass-env --timeout --memory --cpus --pids --disk --output-limit --stdin --report'
# Their own; beside them they take those of run but what they leave out.
_cordon_explain_switches='--toml --json --help'
_cordon_explain_values='--report'
_cordon_job_switches='--help'
_cordon_job_values='--input --workdir --collect --output --collect-limit --pull --staging'
_cordon_learn_switches='--help'
_cordon_learn_values='--output'
_cordon_policy_switches='--help'
_cordon_policy_show_switches='--all --json --help'
_cordon_policy_check_switches='--help'
_cordon_policy_check_values='--workdir'
_cordon_doctor_switches='--json --help'
_cordon_ps_switches='--all --quiet --no-trunc --json --help'
_cordon_ps_values='--status --backend --command --caller --since --last --socket --state-dir'
_cordon_logs_switches='--follow --help'
_cordon_logs_values='--stream --socket --state-dir'
_cordon_kill_switches='--help'
_cordon_kill_values='--socket --state-dir'
_cordon_inspect_switches='--help'
_cordon_inspect_values='--socket --state-dir'
_cordon_rm_switches='--force --help'
_cordon_rm_values='--socket --state-dir'
_cordon_prune_switches='--force --help'
_cordon_prune_values='--older-than --socket --state-dir'
_cordon_stats_switches='--json --help'
_cordon_serve_values='--socket --socket-group --allow-uid --listen --tls-cert --tls-key --allow-host --allow-origin
--state-dir --config --max-body --max-upload --grace --max-running --max-queued --default-timeout
--max-timeout --default-memory --max-memory --work-dir --lxc-executable --lxc-socket
--lxc-containers --lxc-project --lxc-instance --lxc-image --lxc-network --gvisor-platform --output-lifetime --output-quota --record-lifetime --max-records
--artifact-lifetime --artifact-quota --max-audit-log'
_cordon_serve_switches='--plain-text-over-the-network --help'
_cordon_keys_values='--running --queued --artifacts --policy --state-dir'
_cordon_keys_switches='--environments --help'
_cordon_stats_values='--socket --state-dir'
_cordon_env_switches='--json --help'
_cordon_env_values='--project --file --build-arg --target --platform --pull --net
  --memory --timeout --health-check --state-dir'
_cordon_main_switches='--help --version'

_cordon_is_one_of() {
    local word
    for word in $2; do
        [[ $word == "$1" ]] && return 0
    done
    return 1
}

_cordon_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# What may stand for the value of option $1; $2 is what there is of it.
_cordon_value() {
    case $1 in
        --preset) _cordon_words 'strict workspace off' "$2" ;;
        --pack) _cordon_words 'git node python rust go java cpp gpu ssh-agent x11' "$2" ;;
        --require)
            _cordon_words 'filesystem.read filesystem.write network.egress process.tree process.isolation
                syscalls memory.limit cpu.limit pids.limit disk.limit output.limit ipc.unix_abstract
                ipc.unix_path ipc.sysv privileges devices env' "$2"
            ;;
        --tier) _cordon_words 'light gvisor container strong' "$2" ;;
        --backend) _cordon_words 'native gvisor docker lxc gvisor-docker' "$2" ;;
        --pull) _cordon_words 'missing always never' "$2" ;;
        --level) _cordon_words 'default enhanced container maximum' "$2" ;;
        --net) _cordon_words 'none open' "$2" ;;
        --workdir | --staging)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -d -- "$2")
            ;;
        --read | --write | --protect | --deny | --hide | --policy | --stdin | --report | --output | --input | -o)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$2")
            ;;
        --pass-env) mapfile -t COMPREPLY < <(compgen -e -- "$2") ;;
    esac
}

# Options with a value, other options: those of the subcommand.
_cordon_run() {
    local i=2 word values=$1 switches=$2
    # The command line is split at "=": --net=open is three words.
    while ((i < COMP_CWORD)); do
        word=${COMP_WORDS[i]}
        if [[ $word == -- ]]; then
            ((++i))
            break
        elif _cordon_is_one_of "$word" "$values -o"; then
            [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((++i))
            if ((i + 1 >= COMP_CWORD)); then
                local begun=${COMP_WORDS[COMP_CWORD]}
                [[ $begun == '=' ]] && begun=
                _cordon_value "$word" "$begun"
                return
            fi
            ((i += 2))
        elif [[ $word == -* ]]; then
            ((++i))
        else
            break
        fi
    done
    if ((i == COMP_CWORD)) && [[ ${COMP_WORDS[i]} == -* && ${COMP_WORDS[i - 1]} != -- ]]; then
        _cordon_words "$values $switches" "${COMP_WORDS[i]}"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$i"
    elif ((i == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[i]}")
    fi
}

# Options with a value, other options, and what cordon ps lists of ids; empty: it takes none.
_cordon_client() {
    local begun=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    # The command line is split at "=": --socket=/run is three words.
    [[ $begun == '=' ]] && begun=
    [[ $before == '=' ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
    if _cordon_is_one_of "$before" "$1"; then
        case $before in
            --status) _cordon_words 'pending running completed failed timeout killed' "$begun" ;;
            --stream) _cordon_words 'stdout stderr' "$begun" ;;
            --socket | --state-dir)
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "$begun")
                ;;
        esac
    elif [[ $begun == -* || -z $3 ]]; then
        _cordon_words "$1 $2" "$begun"
    else
        # The daemon and the directory of this command line, where it names them.
        local i
        local -a after=()
        for ((i = 2; i + 1 < COMP_CWORD; ++i)); do
            _cordon_is_one_of "${COMP_WORDS[i]}" '--socket --state-dir' &&
                after+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
        done
        _cordon_words "$("${COMP_WORDS[0]}" ps --quiet --last 100 "$3" "${after[@]}" 2>/dev/null)" "$begun"
    fi
}

# Options with a value, and other options, of a subcommand that takes nothing else to complete.
_cordon_plain() {
    local begun=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    [[ $begun == '=' ]] && begun=
    [[ $before == '=' ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
    case $before in
        --tls-cert | --tls-key | --config | --policy | --socket | --lxc-socket | --lxc-containers | --state-dir | --work-dir)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$begun")
            ;;
        --socket-group) mapfile -t COMPREPLY < <(compgen -g -- "$begun") ;;
        *)
            _cordon_is_one_of "$before" "$1" || _cordon_words "$1 $2" "$begun"
            ;;
    esac
}

_cordon() {
    local begun=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _cordon_words "run job explain learn policy doctor env serve keys ps logs kill inspect rm prune stats help $_cordon_main_switches" "$begun"
        return
    fi
    case ${COMP_WORDS[1]} in
        run) _cordon_run "$_cordon_run_values" "$_cordon_run_switches" ;;
        explain)
            _cordon_run "$_cordon_run_values" "${_cordon_run_switches/--dry-run/} $_cordon_explain_switches"
            ;;
        job)
            local switches=${_cordon_run_switches/--dry-run/} values=${_cordon_run_values/--report/}
            switches=${switches/--no-project-policy/}
            _cordon_run "${values/--workdir/} $_cordon_job_values" "${switches/--tty/}"
            ;;
        learn)
            local switches=${_cordon_run_switches/--dry-run/}
            _cordon_run "${_cordon_run_values/--report/} $_cordon_learn_values" "${switches/--json/}"
            ;;
        policy)
            if ((COMP_CWORD == 2)); then
                _cordon_words "show check schema $_cordon_policy_switches" "$begun"
            elif [[ ${COMP_WORDS[2]} == show ]]; then
                _cordon_words "$_cordon_run_values $_cordon_run_switches $_cordon_policy_show_switches" "$begun"
            elif [[ ${COMP_WORDS[2]} == check && $begun == -* ]]; then
                _cordon_words "$_cordon_policy_check_values $_cordon_policy_check_switches" "$begun"
            elif [[ ${COMP_WORDS[2]} == check ]]; then
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "$begun")
            fi
            ;;
        env)
            if ((COMP_CWORD == 2)); then
                _cordon_words "build status swap exec stop gc --help" "$begun"
            elif _cordon_is_one_of "${COMP_WORDS[COMP_CWORD - 1]}" "$_cordon_env_values"; then
                _cordon_value "${COMP_WORDS[COMP_CWORD - 1]}" "$begun"
            elif [[ $begun == -* ]]; then
                _cordon_words "$_cordon_env_values $_cordon_env_switches" "$begun"
            fi
            ;;
        doctor) _cordon_words "$_cordon_doctor_switches" "$begun" ;;
        serve) _cordon_plain "$_cordon_serve_values" "$_cordon_serve_switches" ;;
        keys)
            if ((COMP_CWORD == 2)); then
                _cordon_words "add list revoke $_cordon_keys_switches" "$begun"
            else
                _cordon_plain "$_cordon_keys_values" "$_cordon_keys_switches"
            fi
            ;;
        ps) _cordon_client "$_cordon_ps_values" "$_cordon_ps_switches" '' ;;
        logs) _cordon_client "$_cordon_logs_values" "$_cordon_logs_switches" --all ;;
        kill) _cordon_client "$_cordon_kill_values" "$_cordon_kill_switches" --status=pending,running ;;
        inspect) _cordon_client "$_cordon_inspect_values" "$_cordon_inspect_switches" --all ;;
        rm) _cordon_client "$_cordon_rm_values" "$_cordon_rm_switches" --all ;;
        prune) _cordon_client "$_cordon_prune_values" "$_cordon_prune_switches" '' ;;
        stats) _cordon_client "$_cordon_stats_values" "$_cordon_stats_switches" '' ;;
        help)
            _cordon_words 'run job explain learn policy doctor env serve keys ps logs kill inspect rm prune stats' "$begun"
            ;;
    esac
}

complete -o bashdefault -o default -F _cordon cordon
