# One call at a time changes a pod: one whose connection was cut runs on beside its retry. Whoever made the link turn.N with the highest
# number has the turn for as long as that process runs. Numbers only grow, so that nobody has to take anything away from the dead.

# whose_turn: holder is the process that has the turn of $pod, empty when none has; top is the highest number.
whose_turn() {
	top=0 holder=
	for link in "$pod"/turn.*; do
		number=${link##*.}
		case $number in *[!0-9]*) continue ;; esac
		if [ "$number" -gt "$top" ]; then top=$number; fi
	done
	{ read -r holder <"$pod/turn.$top"; } 2>/dev/null
	set -- $holder
	alive "$1" "$2" "$3" || holder=
}

# claim: waits for the turn of $pod, which this process may have already.
claim() {
	birth $$
	mine="$$ $born $boot" ticket=$pod/.turn.$$ turns=0
	echo "$mine" >"$ticket" && [ -s "$ticket" ] || die "$pod cannot be written"
	# Asked again after the link was made: a higher one may have come before it.
	while whose_turn; [ "$holder" != "$mine" ]; do
		if [ -z "$holder" ] && ln "$ticket" "$pod/turn.$((top + 1))" 2>/dev/null; then continue; fi
		[ -e "$ticket" ] || die "the pod's directory $pod is gone"
		turns=$((turns + 1))
		[ "$turns" -lt 100 ] || break
		nap 0.1
	done
	rm -f "$ticket"
	[ "$holder" = "$mine" ] || die "another call that changes $pod does not end"
	turn=$pod/turn.$top
	for link in "$pod"/turn.*; do [ "$link" = "$turn" ] || rm -f "$link"; done
}

# leave: without /proc the number of this process may stand for another one later.
turn=
leave() { if [ -n "$turn" ] && [ -s "$turn" ]; then echo >"$turn"; fi; }
