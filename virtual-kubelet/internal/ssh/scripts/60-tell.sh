# Telling what there is.

# observe: all pods and attempts in one answer; a last line shows that it is whole.
observe() {
	set -- ${SSH_CONNECTION-}
	echo "address ${3-}"
	for pod in "$pods"/*; do
		[ -d "$pod" ] || continue
		about=
		if [ -s "$pod/pod" ]; then read -r about <"$pod/pod"; fi
		echo "pod ${pod##*/} $about"
		for dir in "$pod"/containers/*/*; do
			[ -d "$dir" ] || continue
			look "$dir"
			[ "$state" != created ] || continue
			kind=main
			if [ -s "$dir/kind" ]; then read -r kind <"$dir/kind"; fi
			container=${dir%/*}
			echo "container ${container##*/} ${dir##*/} $kind $state $from $until $code $reason"
			if [ "$state" = ended ] && [ -s "$dir/message" ]; then
				while IFS= read -r line || [ -n "$line" ]; do printf 'message %s\n' "$line"; done <"$dir/message"
			fi
		done
	done
	echo end
}

# watch: a line for every change, for as long as somebody reads. There is one watcher; those of cut connections are ended.
watch() {
	mkdir -p "$root/watch" || die "$root/watch cannot be made"
	for pipe in "$root"/watch/*; do end_watch "$pipe"; done
	for part in "$root"/incoming/*; do
		number=${part##*/}
		birth "${number%.text}" || rm -f "$part"
	done
	birth $$
	pipe=$root/watch/$$.$born
	mkfifo "$pipe" || die "$pipe cannot be made"
	exec 3<>"$pipe"
	end_with_input
	echo watching
	while read -r line <&3; do echo "$line" || exit; done
}

# end_with_input: the end of standard input is the end of the connection, and of this process.
end_with_input() {
	birth $$
	exec 5<&0
	(
		exec <&5 >/dev/null 2>&1 3>&- 5<&-
		mine=$born
		cat
		if birth $$ && [ "$born" = "$mine" ]; then kill $$; fi
	) &
	exec 5<&-
}

# end_watch PIPE: its name is the watcher's process and when that was started.
end_watch() {
	watcher=${1##*/}
	if [ "$watcher" = '*' ]; then return; fi
	if birth "${watcher%.*}" && [ "$born" = "${watcher#*.}" ]; then kill "${watcher%.*}"; fi
	rm -f "$1"
}

# usage: CPU time in hundredths of a second and memory in pages of every running container's session.
usage() {
	sessions=
	[ -r "/proc/$$/stat" ] || exit 0
	for dir in "$pods"/*/containers/*/*; do
		[ -d "$dir" ] || continue
		look "$dir"
		if [ "$state" = running ]; then sessions="$sessions $pid ${dir#"$pods"/}"; fi
	done
	date +%s
	awk '/^KernelPageSize/ { print "page", $2; exit }' /proc/self/smaps 2>/dev/null
	# A process that ends meanwhile is no error.
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v list="$sessions" '
		BEGIN { n = split(list, word, " "); for (i = 1; i < n; i += 2) of[word[i]] = word[i + 1] }
		{ sub(/^.*\) /, ""); split($0, f, " ") }
		f[4] in of { ticks[f[4]] += f[12] + f[13] + f[14] + f[15]; pages[f[4]] += f[22] }
		END { for (s in of) if (s in ticks) printf "%s %.0f %.0f\n", of[s], ticks[s], pages[s] }'
}
