# shellcheck shell=bash
# Completion of cordon for bash.

# The options of each subcommand; a test compares them with what the program takes.
_cordon_run_switches='--allow-degraded --tty --json --dry-run --help'
_cordon_run_values='--tier --backend --level --hostname --uid --workdir --read --write --deny --hide --net
  --env --pass-env --timeout --memory --cpus --pids --disk --output-limit --stdin --report'
_cordon_doctor_switches='--json --help'
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
        --tier) _cordon_words 'light gvisor container strong' "$2" ;;
        --backend) _cordon_words 'native' "$2" ;;
        --level) _cordon_words 'default enhanced container maximum' "$2" ;;
        --net) _cordon_words 'none open' "$2" ;;
        --workdir)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -d -- "$2")
            ;;
        --read | --write | --deny | --hide | --stdin | --report)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$2")
            ;;
        --pass-env) mapfile -t COMPREPLY < <(compgen -e -- "$2") ;;
    esac
}

_cordon_run() {
    local i=2 word
    # The command line is split at "=": --net=open is three words.
    while ((i < COMP_CWORD)); do
        word=${COMP_WORDS[i]}
        if [[ $word == -- ]]; then
            ((++i))
            break
        elif _cordon_is_one_of "$word" "$_cordon_run_values"; then
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
        _cordon_words "$_cordon_run_values $_cordon_run_switches" "${COMP_WORDS[i]}"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$i"
    elif ((i == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[i]}")
    fi
}

_cordon() {
    local begun=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _cordon_words "run doctor help $_cordon_main_switches" "$begun"
        return
    fi
    case ${COMP_WORDS[1]} in
        run) _cordon_run ;;
        doctor) _cordon_words "$_cordon_doctor_switches" "$begun" ;;
        help) _cordon_words 'run doctor' "$begun" ;;
    esac
}

complete -o bashdefault -o default -F _cordon cordon
