# One supervisor for each attempt. It has no connection, and it goes on when the agent goes.

# supervise DIRECTORY
supervise() {
	cd "$1" || exit
	birth $$
	echo "$$ $born $boot" >"owner.$$" && [ -s "owner.$$" ] || {
		rm -f "owner.$$"
		exit 1
	}
	# A link is made once: whoever comes second leaves.
	ln "owner.$$" owner 2>/dev/null
	mine=$?
	rm -f "owner.$$"
	[ "$mine" = 0 ] || exit
	. ./settings
	mkfifo output || exit
	exec 3<>output 4<output
	rm -f output
	# By exec: a redirection that is undone later keeps the pipe open meanwhile, and its end never comes.
	(
		exec <&4 3>&- 4<&-
		pump
	) &
	pump=$!
	(
		exec </dev/null >&3 2>&1 3>&- 4<&-
		fresh setsid sh "$script" inside "$1"
	) &
	child=$!
	exec 3>&- 4<&-
	wait "$child"
	code=$? until=$(date +%s) reason=
	end_group
	turns=0
	# What left the group may hold the log's pipe for ever.
	while birth "$pump" && [ "$turns" -lt 100 ]; do
		nap 0.1
		turns=$((turns + 1))
	done
	last_words
	echo "$code $until $reason" | put exit
	tell
}

# fresh COMMAND...: goes on as that, with nothing of the agent's connection in its environment.
fresh() { exec env -i PATH="$PATH" HOME="$HOME" USER="${USER-}" SHELL="${SHELL-}" ${TERM:+TERM="$TERM"} "$@"; }

# end_group: a container is over when its first process is. After a stop was asked for the others have the rest of the grace.
end_group() {
	while [ -s stop ] && kill -0 "-$child" 2>/dev/null; do
		read -r deadline <stop
		[ "$(date +%s)" -lt "$deadline" ] || break
		nap 0.1
	done
	pid_born=
	if [ -s pid ]; then read -r pid pid_born pid_boot from <pid; fi
	kill_group KILL "$child" "$pid_born"
	turns=0
	while kill -0 "-$child" 2>/dev/null && [ "$turns" -lt 50 ]; do
		nap 0.1
		turns=$((turns + 1))
	done
	end_commands .
}

# last_words: why it could not run, or its termination message.
last_words() {
	if [ -s failure ]; then
		reason=ContainerCannotRun
		mv -f failure message
	elif [ -f "$message_path" ] && [ -s "$message_path" ]; then
		head -c 4096 "$message_path" | put message
	fi
}

# pump: output to numbered files, each line with the second it came in. A line that does not fit into the memory allowed is left
# out; the process itself never notices.
pump() {
	ulimit -v 32768 2>/dev/null
	range
	last=${last:-1}
	until awk -v max="$log_size" -v keep="$log_files" -v n="$last" -v size="$(stat -c %s "log.$last" 2>/dev/null || echo 0)" '
		{
			line = systime() " " $0
			more = length(line) + 1
			if (size > 0 && size + more > max) {
				close("log." n)
				n++
				if (n > keep) system("rm -f log." (n - keep))
				size = 0
			}
			size += more
			print line >> ("log." n)
			fflush("log." n)
		}'; do
		range
		last=${last:-1}
		echo "$(date +%s) [a line too long for the log was left out]" >>"log.$last"
		nap 0.1
	done
}

# range: first and last number of the log files here, empty when there is none.
range() {
	first= last=
	for log in log.*; do
		number=${log#log.}
		case $number in *[!0-9]*) continue ;; esac
		if [ -z "$first" ] || [ "$number" -lt "$first" ]; then first=$number; fi
		if [ -z "$last" ] || [ "$number" -gt "$last" ]; then last=$number; fi
	done
}
