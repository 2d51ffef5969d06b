# What becomes the container's process, or a command beside it.

# inside DIRECTORY [COMMAND...]: the container's own command, or another one in its environment and directory.
inside() {
	dir=$1
	shift
	cd "$dir" || exit 128
	if [ $# = 0 ]; then
		birth $$
		# What nobody finds could never be stopped.
		echo "$$ $born $boot $(date +%s)" | put pid || cannot failure 128 "its process number cannot be written; is the disk full?"
		# Sets the words of the container's command.
		. ./command
		set -- "$dir/failure" "$@"
	else
		set -- /dev/null "$@"
	fi
	unset LC_ALL
	umask 022
	# Sets the directory and the environment. No variable of this script can be relied on after it.
	. ./place
	command -v "$2" >/dev/null 2>&1 || cannot "$1" 127 "$2: not found"
	shift
	exec "$@"
}

# cannot FILE CODE TEXT: the text goes to FILE and to the log.
cannot() {
	printf '%s\n' "$3" >"$1"
	printf '%s\n' "$3" >&2
	exit "$2"
}

# beside DIRECTORY TOKEN COMMAND...: the first line tells whether there is such a container; then the command has the streams.
beside() {
	dir=$1 token=$2
	shift 2
	# Without one it would be the container's own, a second time.
	[ $# -gt 0 ] || die "a command is needed"
	look "$dir"
	if [ "$state" != running ]; then
		echo "$mark gone"
		exit 1
	fi
	mkdir -p "$dir/commands"
	for command in "$dir"/commands/*; do
		if [ -s "$command" ]; then
			read -r command_pid command_born <"$command"
			alive "$command_pid" "$command_born" "$boot" || rm -f "$command"
		fi
	done
	birth $$
	echo "$$ $born" | put "$dir/commands/$token"
	echo "$mark ok"
	fresh sh "$script" inside "$dir" "$@"
}

# end_command DIRECTORY TOKEN: with its group, where it has one of its own.
end_command() {
	[ -s "$1/commands/$2" ] || return
	read -r command_pid command_born <"$1/commands/$2"
	if alive "$command_pid" "$command_born" "$boot"; then
		kill -KILL "-$command_pid" 2>/dev/null || kill -KILL "$command_pid" 2>/dev/null
	fi
	rm -f "$1/commands/$2"
}

end_commands() {
	for command in "$1"/commands/*; do
		end_command "$1" "${command##*/}"
	done
}
