# Reading logs. Files are only appended to and their numbers grow, so an open one is read on to its end also after it was deleted.

# logs DIRECTORY TAIL SINCE FOLLOW: the first line tells whether there is such an attempt. TAIL -1 and SINCE 0 are everything.
logs() {
	cd "$1" 2>/dev/null || {
		echo "$mark gone"
		exit 1
	}
	echo "$mark ok"
	if [ "$4" = yes ]; then end_with_input; fi
	range
	next=${first:-0} part=all open= end=
	if [ -n "$last" ] && [ "$2" -ge 0 ]; then tail_from "$2"; fi
	if [ "$3" -gt 0 ]; then since_from "$3"; fi
	# What is not followed ends at the file that is the last one now.
	if [ "$4" != yes ]; then end=${last:-0}; fi
	while :; do
		# Asked before the log is read: what was written until the end is in it by then.
		over=$end
		if [ ! -d "$1" ]; then over=yes; fi
		look "$1"
		if [ "$state" = ended ]; then over=yes; fi
		read_on
		while open_next; do
			emit "$3"
			part=all
		done
		[ -z "$over" ] || exit 0
		nap 0.5
	done
}

# tail_from LINES: next is the file that the last LINES lines begin in, part how many of them are in it.
tail_from() {
	part=$1 next=$last
	while lines=$(wc -l <"log.$next" 2>/dev/null || echo 0) && [ "$lines" -lt "$part" ]; do
		if [ "$next" -le "$first" ]; then
			part=all
			return
		fi
		part=$((part - lines)) next=$((next - 1))
	done
}

# since_from SECOND: a file whose successor begins before it holds nothing of interest.
since_from() {
	while [ -s "log.$((next + 1))" ]; do
		read -r second line <"log.$((next + 1))"
		if [ "$second" -ge "$1" ]; then return; fi
		next=$((next + 1)) part=all
	done
}

# open_next: the file to be read next, if there is one. One that is followed may have lost files to a flood.
open_next() {
	while range; [ -n "$last" ] && [ "$next" -le "${end:-$last}" ]; do
		read_on
		if [ "$next" -lt "$first" ]; then next=$first part=all; fi
		open=
		if { command exec 4<"log.$next"; } 2>/dev/null; then
			open=yes next=$((next + 1))
			return
		fi
	done
	return 1
}

# read_on: what was added to the open file.
read_on() { if [ -n "$open" ]; then cat <&4; fi; }

# emit SINCE: the open file from its beginning, or the part of it that was asked for.
emit() {
	if [ "$part" = 0 ]; then
		cat <&4 >/dev/null
	elif [ "$part" != all ]; then
		tail -n "$part" <&4
	elif [ "$1" -gt 0 ]; then
		awk -v since="$1" 'on || $1 >= since { on = 1; print }' <&4
	else
		cat <&4
	fi
}
