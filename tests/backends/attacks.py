"""What hostile code tries, as data. Every attempt is a guest of tests/guests: it says "contained" or "ESCAPED"."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Attack:
    name: str
    protection: str  # the guarantee that claims to hold it
    guest: str  # its arguments; names in braces are those of attack_test.py
    control: str = ""  # where something else has to be named without a sandbox
    alone: bool = False  # as the command itself, not one after the other in a shell
    own_user: bool = False  # the control as an ordinary user: root has nothing to gain


def of(protection, **attempts):
    made = []
    for name, attempt in attempts.items():
        guest, control = attempt if isinstance(attempt, tuple) else (attempt, "")
        made.append(Attack(name, protection, guest, control))
    return made


ATTACKS = [
    *of("filesystem.read",
        file_of_the_host="read_file {secret}",
        planted_link="read_file {work}/planted-link",
        own_link="symlink_escape {work}/own-link {secret}",
        root_of_the_first_process=("read_file /proc/1/root{secret}", "read_file /proc/{victim}/root{secret}"),
        working_directory_of_the_first_process=("read_file /proc/1/cwd/{up}{secret}", "read_file /proc/{victim}/cwd/{up}{secret}"),
        root_of_oneself="read_file /proc/self/root{secret}",
        climb_from_the_working_directory="climb_from_cwd {secret}",
        password_hashes="read_file /etc/shadow",
        shared_memory_of_the_host="read_file {shm}",
        memory_of_the_machine="read_file /proc/kcore",
        keys="read_file /proc/keys",
        timers="read_file /proc/timer_list",
        kernel_log=("read_file /proc/kmsg", "open_read /proc/kmsg"),
        firmware="list_dir /sys/firmware",
        denied="read_file {work}/denied/file",
        denied_after_a_rename="rename_then_read {work}/denied {work}/renamed {work}/renamed/file",
        denied_by_a_hard_link="hard_link {work}/denied/file {work}/linked"),
    *of("filesystem.write",
        write_a_file_of_the_host="write_file {secret}",
        make_a_file_on_the_host="create_file {outside}/made",
        write_what_is_shown_to_read="write_file {shared}/file",
        make_in_what_is_shown_to_read="create_file {shared}/made",
        change_the_mode_of_what_is_shown_to_read="chmod_file {shared}/private",
        hard_link_to_what_is_shown_to_read=("hard_link {shared}/file {work}/alias", "hard_link {shared}/file {shared}/alias"),
        open_again_for_writing="reopen_write {shared}/file",
        protected_file="write_file {work}/.git/config",
        protected_directory="create_file {work}/.git/hooks/pre-commit",
        protected_directory_by_rename="rename_path {work}/ordinary {work}/.git/hooks/post-commit",
        protected_directory_moved_away="rename_path {work}/.git/hooks {work}/.git/elsewhere",
        protected_by_exchange="rename_exchange {work}/tree {work}/.git",
        protected_name_that_may_come="create_file {work}/.bashrc",
        the_systems_files=("create_file /etc/made", "create_file {outside}/made"),
        the_systems_programs=("create_file /bin/made", "create_file {outside}/made"),
        core_pattern="open_write /proc/sys/kernel/core_pattern",
        loader_of_modules="open_write /proc/sys/kernel/modprobe",
        sysrq="open_write /proc/sysrq-trigger",
        release_agent=("open_write /sys/fs/cgroup/memory/release_agent", "open_write {groups}/cgroup.procs"),
        control_group=("open_write /sys/fs/cgroup/cgroup.procs", "open_write {groups}/cgroup.procs"),
        control_group_of_memory=("open_write /sys/fs/cgroup/memory/cgroup.procs", "open_write {groups}/cgroup.procs")),
    *of("process.isolation",
        see_a_process="see_process {victim}",
        trace_a_process="ptrace_attach {victim}",
        read_the_memory_of_a_process="vm_readv {victim}",
        take_a_descriptor="pidfd_getfd_of {victim}",
        stop_a_process="kill_pid {victim} 19",
        kill_a_process="kill_pid {victim} 9",
        enter_namespaces=("setns_process 1", "setns_process {victim}"),
        memory_of_the_first_process=("open_write /proc/1/mem", "open_write /proc/{victim}/mem"),
        environments="scan_environ {secret_of_the_environment}",
        descriptor_of_the_caller="leaked_fds"),
    # Beside a shell it would find the shell's program, which is only read-only.
    Attack("overwrite_the_launcher", "process.isolation", "self_exe_overwrite", alone=True),
    Attack("signal_everybody", "process.isolation", "kill_all 9 {namespace}", "", alone=True),
    *of("privileges",
        capabilities="capabilities",
        become_another_user="change_uid",
        set_the_host_name="set_hostname",
        raise_a_hard_limit="raise_rlimit",
        give_a_file_away="chown_file {work}/ordinary",
        priority="nice_up",
        real_time="real_time",
        mount_a_tmpfs="mount_tmpfs {work}/tree",
        mount_over_proc="mount_tmpfs /proc",
        bind_a_directory="mount_bind /etc {work}/tree",
        fresh_proc="mount_proc {work}/tree",
        remount="mount_remount /proc",
        unmount="umount_path /proc",
        unmount_a_mask=("umount_path {work}/denied", "umount_path /proc"),
        change_the_root="chroot_dir {work}",
        pivot_the_root="pivot_root_dir ."),
    Attack("set_user_id", "privileges", "setuid_gain", own_user=True),
    *of("devices",
        make_a_block_device="mknod_device {work}/disk block 254 0",
        make_a_memory_device="mknod_device {work}/memory char 1 1",
        device_in_the_work_directory="open_read {work}/device",
        kernel_log_device="open_read /dev/kmsg",
        memory_device="open_read /dev/mem",
        fuse="open_write /dev/fuse"),
    *of("syscalls",
        io_uring="io_uring", bpf="bpf", perf="perf", userfaultfd_open="userfaultfd_open", keyctl_session="keyctl_session",
        add_key_session="add_key_session", request_key_user="request_key_user", kexec="kexec", init_module="init_module",
        reboot_call="reboot_call", swap_on="swap_on", io_ports="io_ports", local_descriptor_table="local_descriptor_table",
        set_clock="set_clock", personality_bits="personality_bits", open_by_handle="open_by_handle .", x32_call="x32_call",
        int80_call="int80_call", unshare_user="unshare_user", unshare_user_mount="unshare_user_mount {work}/tree",
        clone_newuser="clone_newuser", clone3_newuser="clone3_newuser", mount_api="mount_api", open_tree_clone="open_tree_clone",
        socket_alg="socket_family alg", socket_vsock="socket_family vsock", socket_packet="socket_family packet",
        socket_audit="socket_family audit", socket_netfilter="socket_family netfilter", socket_raw="socket_family raw",
        socket_bluetooth="socket_family bluetooth", socket_can="socket_family can", own_listener="listener",
        paste_into_a_console="tioclinux"),
    *of("network.egress",
        tcp_to_the_host="connect_tcp 127.0.0.1 {port}",
        tcp_over_a_mapped_address="connect_tcp6 ::ffff:127.0.0.1 {port}",
        interfaces="network_interfaces"),
    *of("ipc.unix_abstract", abstract_socket="connect_unix @{abstract}"),
    *of("ipc.unix_path", socket_of_the_host="connect_unix {service}"),
    *of("ipc.sysv", shared_segment="sysv_shm {segment}", message_queue="posix_queue /{queue}"),
]
