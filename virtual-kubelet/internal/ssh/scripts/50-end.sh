# Ending attempts and pods.

# stop DIRECTORY GRACE: asks the group to end and leaves a process behind that ends it when the grace is over, connection or not.
stop() {
	dir=$1 turns=0
	look "$dir"
	while [ "$state" = created ] && [ -n "$owned" ] && [ "$turns" -lt 100 ]; do
		nap 0.1
		turns=$((turns + 1))
		look "$dir"
	done
	[ "$state" = running ] || return 0
	deadline=$(($(date +%s) + $2)) earlier=
	if [ -s "$dir/stop" ]; then read -r earlier <"$dir/stop"; fi
	# Written first: when the first process ends, the supervisor has to know that the others have the grace, too.
	if [ -z "$earlier" ] || [ "$deadline" -lt "$earlier" ]; then echo "$deadline" | put "$dir/stop"; fi
	if [ ! -e "$dir/asked" ]; then
		kill_group TERM "$pid" "$pid_born"
		command : >"$dir/asked"
	fi
	setsid sh "$script" reap "$dir" "$deadline" </dev/null >/dev/null 2>&1 &
}

# reap DIRECTORY DEADLINE: one at a time; a shorter grace given meanwhile counts. On a full disk nothing of it is written.
reap() {
	dir=$1
	if [ -s "$dir/reaper" ]; then
		read -r reaper reaper_born <"$dir/reaper"
		if alive "$reaper" "$reaper_born" "$boot"; then exit; fi
	fi
	birth $$
	echo "$$ $born" | put "$dir/reaper"
	look "$dir"
	while [ "$state" = running ]; do
		deadline=$2
		if [ -s "$dir/stop" ]; then read -r deadline <"$dir/stop"; fi
		[ "$(date +%s)" -lt "$deadline" ] || kill_group KILL "$pid" "$pid_born"
		nap 0.1
		look "$dir"
	done
}

# remove UID. A call that still changes the pod might start something; nothing is written first, since the disk may be full.
remove() {
	pod=$pods/$1 turns=0
	while whose_turn; [ -n "$holder" ] || busy "$1"; do
		turns=$((turns + 1))
		[ "$turns" -lt 200 ] || die "a process of pod $1 does not end"
		nap 0.1
	done
	# What an earlier call left, too.
	if [ -d "$pods/$1" ]; then mv "$pods/$1" "$root/removed.$1.$$" || die "$pods/$1 cannot be removed"; fi
	rm -rf "$root"/removed.* || die "what $root holds of removed pods cannot be deleted"
}

# busy UID: something of it runs, and was told to end at once.
busy() {
	busy=1
	for dir in "$pods/$1"/containers/*/*; do
		[ -d "$dir" ] || continue
		look "$dir"
		if [ "$state" = running ] || [ -n "$owned" ]; then
			busy=0
			if [ -n "$pid" ]; then kill_group KILL "$pid" "$pid_born"; fi
			end_commands "$dir"
		fi
	done
	return "$busy"
}

# clean: nothing of this node stays.
clean() {
	if [ -d "$pods" ]; then rmdir "$pods" || die "there are pods in $pods"; fi
	for pipe in "$root"/watch/*; do end_watch "$pipe"; done
	rm -rf "$root" || die "$root cannot be deleted"
	# Other nodes have theirs beside it.
	rmdir "${root%/*}" 2>/dev/null || :
}
